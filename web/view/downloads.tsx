import { useEffect, useState } from 'preact/hooks';
import type { Download } from '../../src/client/downloads.ts';
import { asMailroomError } from '../../src/client/errors.ts';
import { type Fetching, isOpen } from '../model/fetching.ts';
import { useObservable } from '../model/observable.ts';
import { sizeOf } from '../model/sizes.ts';
import { explain } from '../model/text.ts';
import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Field, Form } from './form.tsx';
import { Icon } from './icon.tsx';

/** Asks for an address that the server is to fetch. */
export function DownloadButton() {
  const { fetching } = useChat();
  const [asks, setAsks] = useState(false);
  const add = async (value: (name: string) => string) => {
    await fetching.add(value('url').trim());
    setAsks(false);
  };
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label="Add by address"
        title="Add by address"
        onClick={() => setAsks(true)}
      >
        <Icon name="link" />
      </button>
      {asks && (
        <Dialog title="Add a file by its address" onClose={() => setAsks(false)}>
          <Form submit="Download" onSubmit={add} words={{ forbidden: 'Only public addresses are fetched.' }}>
            <Field
              label="Address"
              name="url"
              placeholder="https://"
              hint="The server fetches it into your files, also while you are away."
              maxLength={2_048}
              autofocus
            />
          </Form>
        </Dialog>
      )}
    </>
  );
}

/** What the server is fetching. Nothing where there is nothing. */
export function DownloadList() {
  const { fetching } = useChat();
  useObservable(fetching);
  useEffect(() => void fetching.reload(), [fetching]);
  const { all, error } = fetching;
  if (all.length === 0 && error === undefined) return null;
  return (
    <section class="uploads downloads" aria-label="Downloads">
      <header class="uploads-head">
        <h2>Downloads</h2>
      </header>
      {error !== undefined && (
        <p class="drive-problem" role="alert">
          {explain(error)}
        </p>
      )}
      <ul>
        {all.map((download) => (
          <DownloadRow key={download.id} download={download} fetching={fetching} />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly download: Download;
  readonly fetching: Fetching;
}

function DownloadRow({ download, fetching }: RowProps) {
  const [problem, setProblem] = useState<string>();
  const { state, size, received } = download;
  const name = nameOf(download);
  const attempt = (work: () => Promise<void>) => () => {
    work().then(
      () => setProblem(undefined),
      (error: unknown) => setProblem(explain(asMailroomError(error))),
    );
  };
  const buttons = [
    ...(state === 'queued' || state === 'running'
      ? [{ label: `Pause ${name}`, icon: 'pause', run: () => fetching.pause(download) } as const]
      : []),
    ...(state === 'paused'
      ? [{ label: `Go on with ${name}`, icon: 'play', run: () => fetching.resume(download) } as const]
      : []),
    {
      label: `${isOpen(download) ? 'Cancel' : 'Remove'} ${name}`,
      icon: 'close',
      run: () => fetching.remove(download),
    } as const,
  ];
  return (
    <li class={`upload upload-${state}`}>
      <span class="upload-name" title={download.url}>
        {name}
      </span>
      <span class="upload-buttons">
        {buttons.map(({ label, icon, run }) => (
          <button
            key={icon}
            type="button"
            class="icon-button icon-button-small"
            aria-label={label}
            title={label}
            onClick={attempt(run)}
          >
            <Icon name={icon} />
          </button>
        ))}
      </span>
      {isOpen(download) && (
        <progress
          {...(size === undefined || size === 0 ? {} : { value: received / size })}
          max={1}
          aria-label={`Download of ${name}`}
        />
      )}
      <span class="upload-words" role={problem !== undefined || state === 'failed' ? 'alert' : undefined}>
        {problem ?? wordsOf(download)}
      </span>
    </li>
  );
}

function nameOf({ name, url }: Download): string {
  if (name !== undefined) return name;
  const parsed = URL.parse(url);
  return parsed?.pathname.split('/').at(-1) || parsed?.hostname || url;
}

const PROBLEMS: Readonly<Record<string, string>> = {
  'bad-url': 'The address leads to something that is not fetched.',
  'forbidden-address': 'The address leads to something that is not public.',
  'too-many-redirects': 'The address leads on and on.',
  unreachable: 'The other side could not be reached.',
  'bad-answer': 'The other side does not give the file out.',
  'too-large': 'The file is larger than may be downloaded.',
  'too-slow': 'The other side is too slow.',
  'too-long': 'The download took too long.',
  quota: 'The file does not fit into your quota.',
};

function wordsOf({ state, size, received, problem }: Download): string {
  const part = size === undefined ? sizeOf(received) : `${sizeOf(received)} of ${sizeOf(size)}`;
  switch (state) {
    case 'queued':
      return received === 0 ? 'Waits for its turn' : `${part}, is tried again`;
    case 'running':
      return received === 0 ? 'Begins' : part;
    case 'paused':
      return `Paused at ${part}`;
    case 'done':
      return `${sizeOf(received)}, in your files`;
    case 'failed':
      return PROBLEMS[problem ?? ''] ?? 'The download failed.';
    case 'cancelled':
      return 'Cancelled';
  }
}
