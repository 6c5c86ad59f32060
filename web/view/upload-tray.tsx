import { useObservable } from '../model/observable.ts';
import { lengthOf, sizeOf } from '../model/sizes.ts';
import type { Upload } from '../model/uploads/upload.ts';
import type { Uploads } from '../model/uploads/uploads.ts';
import { useChat } from './context.ts';
import { Icon } from './icon.tsx';

/** The uploads that are under way, and what became of the last ones. Nothing where there are none. */
export function UploadTray() {
  const { uploads } = useChat();
  useObservable(uploads);
  if (uploads.all.length === 0) return null;
  const hasDone = uploads.all.some(({ state }) => state === 'done');
  return (
    <section class="uploads" aria-label="Uploads">
      <header class="uploads-head">
        <h2>Uploads</h2>
        {hasDone && (
          <button type="button" class="link-button" onClick={() => uploads.clearDone()}>
            Clear finished
          </button>
        )}
      </header>
      <ul>
        {uploads.all.map((upload) => (
          <UploadRow key={upload.id} upload={upload} uploads={uploads} />
        ))}
      </ul>
    </section>
  );
}

function UploadRow({ upload, uploads }: { readonly upload: Upload; readonly uploads: Uploads }) {
  useObservable(upload);
  const { file, state } = upload;
  const part = file.size === 0 ? 1 : upload.bytes / file.size;
  return (
    <li class={`upload upload-${state}`}>
      <span class="upload-name" title={file.name}>
        {file.name}
      </span>
      <span class="upload-buttons">
        <UploadButtons upload={upload} uploads={uploads} />
      </span>
      {upload.isOpen && (
        <progress value={part} max={1} aria-label={`${file.name}: ${Math.floor(part * 100)} percent`} />
      )}
      <span class="upload-words" role={state === 'failed' ? 'alert' : undefined}>
        {wordsOf(upload)}
      </span>
    </li>
  );
}

function UploadButtons({ upload, uploads }: { readonly upload: Upload; readonly uploads: Uploads }) {
  const { file, state } = upload;
  const canGoOn = state === 'paused' || state === 'failed';
  const canPause = state === 'checking' || state === 'sending' || state === 'waiting';
  return (
    <>
      {canPause && <IconButton label={`Pause ${file.name}`} icon="pause" run={() => void uploads.pause(upload)} />}
      {canGoOn && <IconButton label={`Go on with ${file.name}`} icon="play" run={() => uploads.resume(upload)} />}
      <IconButton
        label={`${upload.isOpen ? 'Cancel' : 'Remove'} ${file.name}`}
        icon="close"
        run={() => void uploads.remove(upload)}
      />
    </>
  );
}

interface IconButtonProps {
  readonly label: string;
  readonly icon: 'pause' | 'play' | 'close';
  readonly run: () => void;
}

function IconButton({ label, icon, run }: IconButtonProps) {
  return (
    <button type="button" class="icon-button icon-button-small" aria-label={label} title={label} onClick={run}>
      <Icon name={icon} />
    </button>
  );
}

function wordsOf({ state, file, bytes, speed, instant, problem }: Upload): string {
  const size = sizeOf(file.size);
  switch (state) {
    case 'waiting':
      return `${size}, waits for its turn`;
    case 'checking':
      return `Looking whether the server has it: ${sizeOf(bytes)} of ${size}`;
    case 'sending': {
      const pace = speed.bytesPerSecond;
      const left = speed.secondsTo(file.size);
      const parts = [`${sizeOf(bytes)} of ${size}`];
      if (pace !== undefined) parts.push(`${sizeOf(pace)}/s`);
      if (left !== undefined) parts.push(`${lengthOf(left)} left`);
      return parts.join(' · ');
    }
    case 'paused':
      return `Paused at ${sizeOf(bytes)} of ${size}`;
    case 'finishing':
      return 'Finishing';
    case 'done':
      return instant ? `${size}, instantly: the server had it` : size;
    case 'failed':
      return problem ?? 'The upload failed.';
  }
}
