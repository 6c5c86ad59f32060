import { useEffect, useState } from 'preact/hooks';
import type { FileBody } from '../../src/client/file-body.ts';
import { useObservable } from '../model/observable.ts';
import { sizeOf } from '../model/sizes.ts';
import { useChat } from './context.ts';
import { Icon } from './icon.tsx';

/** A file in a message: a picture, something to play, or a name to click on. */
export function FileBubble({ file }: { readonly file: FileBody }) {
  if (file.mime.startsWith('image/')) return <PictureBubble file={file} />;
  if (file.mime.startsWith('video/') || file.mime.startsWith('audio/')) return <PlayerBubble file={file} />;
  return <NamedFile file={file} />;
}

function PictureBubble({ file }: { readonly file: FileBody }) {
  const chat = useChat();
  useObservable(chat.pictures);
  const picture = chat.pictures.of(file.file);
  if (picture === 'none') return <NamedFile file={file} />;
  return (
    <OpenButton file={file} className="file-picture">
      {picture === 'loading' ? (
        <span class="spinner" role="status" aria-label={`Loading ${file.name}`} />
      ) : (
        <img src={picture.url} alt={file.name} />
      )}
    </OpenButton>
  );
}

function PlayerBubble({ file }: { readonly file: FileBody }) {
  const chat = useChat();
  const [url, setUrl] = useState<string>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    chat.fileLinks.to(file.file).then(setUrl, () => setFailed(true));
  }, [chat, file.file]);
  if (failed) return <NamedFile file={file} />;
  const label = `${file.name}, ${sizeOf(file.size)}`;
  return (
    <div class="file-player">
      {file.mime.startsWith('video/') ? (
        // biome-ignore lint/a11y/useMediaCaption: what people send has no captions.
        <video
          src={url}
          controls
          preload="metadata"
          aria-label={label}
          onError={() => url !== undefined && setFailed(true)}
        />
      ) : (
        // biome-ignore lint/a11y/useMediaCaption: what people send has no captions.
        <audio
          src={url}
          controls
          preload="metadata"
          aria-label={label}
          onError={() => url !== undefined && setFailed(true)}
        />
      )}
      <NamedFile file={file} />
    </div>
  );
}

function NamedFile({ file }: { readonly file: FileBody }) {
  return (
    <OpenButton file={file} className="file-named">
      <span class="file-icon">
        <Icon name="file" />
      </span>
      <span class="file-text">
        <span class="file-name">{file.name}</span>
        <span class="file-size">{sizeOf(file.size)}</span>
      </span>
      <Icon name="download" />
    </OpenButton>
  );
}

interface OpenButtonProps {
  readonly file: FileBody;
  readonly className: string;
  readonly children: preact.ComponentChildren;
}

/** Opens the file in a tab of its own, or saves it, as its type has it. */
function OpenButton({ file, className, children }: OpenButtonProps) {
  const chat = useChat();
  const [problem, setProblem] = useState<string>();
  const open = async () => {
    // Opened before the answer comes: a browser lets only a click open windows.
    const tab = window.open('about:blank', '_blank');
    try {
      const url = await chat.fileLinks.to(file.file);
      setProblem(undefined);
      if (tab === null) location.assign(url);
      else {
        tab.opener = null;
        tab.location.replace(url);
      }
    } catch (error) {
      tab?.close();
      setProblem(error instanceof Error ? error.message : 'This file cannot be opened now.');
    }
  };
  return (
    <>
      <button
        type="button"
        class={className}
        aria-label={`Open ${file.name}`}
        title={file.name}
        onClick={() => void open()}
      >
        {children}
      </button>
      {problem !== undefined && (
        <span class="file-problem" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}
