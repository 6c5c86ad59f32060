import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icon.tsx';

export interface MenuItem {
  readonly label: string;
  readonly icon: IconName;
  readonly danger?: boolean;
  readonly run: () => void;
}

interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly children: ComponentChildren;
  readonly className?: string;
  /** Which edge of the button the list keeps to. */
  readonly align?: 'start' | 'end';
}

/** A button that opens a menu: arrow keys walk through it, Escape and a click elsewhere close it. */
export function Menu({ label, items, children, className = 'icon-button', align = 'start' }: MenuProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    // Near the end of a panel that scrolls the list would be cut off.
    root.current?.querySelector('[role=menu]')?.scrollIntoView({ block: 'nearest' });
    root.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus({ preventScroll: true });
    const closeOutside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', closeOutside);
    return () => document.removeEventListener('pointerdown', closeOutside);
  }, [open]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    if (event.key === 'Escape' || event.key === 'Tab') {
      setOpen(false);
      button.current?.focus();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      step(root.current, event.key === 'ArrowDown' ? 1 : -1);
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys come from the menu's items inside.
    <div class="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        class={className}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        {children}
      </button>
      {open && (
        <div class={`menu-list menu-${align}`} role="menu" id={id} aria-label={label}>
          {items.map((item) => (
            <MenuButton key={item.label} item={item} close={() => setOpen(false)} />
          ))}
        </div>
      )}
    </div>
  );
}

function MenuButton({ item, close }: { readonly item: MenuItem; readonly close: () => void }) {
  const choose = () => {
    close();
    item.run();
  };
  return (
    <button type="button" role="menuitem" tabIndex={-1} class={item.danger ? 'danger' : ''} onClick={choose}>
      <Icon name={item.icon} />
      {item.label}
    </button>
  );
}

function step(root: HTMLElement | null, by: number): void {
  const items = [...(root?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
  const index = items.indexOf(document.activeElement as HTMLElement);
  items[(index + by + items.length) % items.length]?.focus();
}
