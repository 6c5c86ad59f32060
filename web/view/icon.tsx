/** Icons as strokes on a 24-unit grid, in the colour of the text around them. */
const paths = {
  plus: 'M12 5v14M5 12h14',
  back: 'M15 5l-7 7 7 7',
  send: 'M4.5 12h13M12 5.5l6.5 6.5-6.5 6.5',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.4c2.1.8 3.5 2.8 3.5 5.6',
  invite: 'M10 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3.5 20c0-3.6 2.9-6 6.5-6 1.5 0 2.9.4 4 1.2M18 14v6M15 17h6',
  leave: 'M14 4H6a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h8M10 12h10M16.5 8.5 20 12l-3.5 3.5',
  link: 'M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 0 0 0 5.7 5.7l1-1',
  key: 'M8 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 12h9M18 12v3.5M15 12v2.5',
  more: 'M12 6v.01M12 12v.01M12 18v.01',
  close: 'M6 6l12 12M18 6 6 18',
  down: 'M12 5v14M5.5 12.5 12 19l6.5-6.5',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7.5V12l3 2',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  alert: 'M12 8v5M12 16.5v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  file: 'M7 3.5h7l4.5 4.5V19a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 19V5A1.5 1.5 0 0 1 7 3.5ZM13.5 3.5V8.5H18.5',
  folder:
    'M3.5 7A1.5 1.5 0 0 1 5 5.5h4.2l2.3 2.5H19A1.5 1.5 0 0 1 20.5 9.500v8A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5V7Z',
  download: 'M12 4v11M7 10.500l5 5 5-5M5 19.500h14',
  clip: 'm19.5 11.5-7.4 7.400a4.6 4.6 0 0 1-6.5-6.500l7.7-7.700a3.1 3.1 0 0 1 4.3 4.300l-7.6 7.700a1.5 1.5 0 0 1-2.2-2.200l6.9-6.9',
  pause: 'M9 6v12M15 6v12',
  play: 'M8 5.500v13l10.5-6.500L8 5.500Z',
  trash: 'M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7M10.5 10.500v6M13.5 10.500v6',
  undo: 'M4.5 9.500h9a5.5 5.5 0 0 1 0 11H9M8.5 5.500l-4 4 4 4',
  search: 'M10.5 17.500a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM15.5 15.500l5 5',
  person: 'M12 11.500a3.800 3.800 0 1 0 0-7.600 3.800 3.800 0 0 0 0 7.600ZM5 20c0-3.800 3-6 7-6s7 2.200 7 6',
  shield: 'M12 3.500l7 2.500v5.500c0 4.300-2.900 7.600-7 9-4.100-1.400-7-4.700-7-9V6l7-2.500Z',
  settings:
    'M4 7.500h9M17 7.500h3M15 9.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM4 16.500h3M11 16.500h9M9 18.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  device: 'M5 5.500h14v10H5ZM9 19.500h6M12 15.500v4',
  block: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM5.700 5.700l12.600 12.600',
  mute: 'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500H4ZM16 9.500l5 5M21 9.500l-5 5',
  reply: 'M9.500 6.500l-5 5 5 5M4.500 11.500h9a6 6 0 0 1 6 6v1',
  forward: 'M14.500 6.500l5 5-5 5M19.500 11.500h-9a6 6 0 0 0-6 6v1',
  edit: 'M5 19l.8-3.800L16.300 4.700a1.600 1.600 0 0 1 2.300 0l.7.700a1.600 1.600 0 0 1 0 2.300L8.800 18.200 5 19ZM14.500 6.500l3 3',
  pin: 'M9 4h6M10 4v6l-3 3.500h10L14 10V4M12 13.500V20',
  copy: 'M9 9h9.500v10.500H9ZM6 15.500H5V5h9.500v1',
  unread:
    'M20 9.500V17a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h8M4.500 8l7.500 5.500L15.500 11M19 7.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5Z',
  chat: 'M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v8a2.5 2.5 0 0 1-2.5 2.5H10l-4.5 3.5V17A1.5 1.5 0 0 1 4 15.5v-9Z',
} as const;

export type IconName = keyof typeof paths;

/** A picture beside a label; on its own the control around it carries the label. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** The mark of the product: an envelope that is a speech bubble. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="logo-ground" width="32" height="32" rx="9" />
      <path
        class="logo-line"
        d="M7.5 11a2 2 0 0 1 2-2h13a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-8.8l-4.2 3v-3a2 2 0 0 1-2-2v-9Z"
      />
      <path class="logo-line" d="m8.5 11.5 7.5 5.2 7.5-5.2" />
    </svg>
  );
}
