import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';

interface DropZoneProps {
  readonly label: string;
  readonly className?: string;
  readonly onFiles: (files: readonly File[]) => void;
  readonly children: ComponentChildren;
}

/** Takes files that are dropped on it, and says so while they hover. */
export function DropZone({ label, className = '', onFiles, children }: DropZoneProps) {
  const [over, setOver] = useState(false);
  // Entering a child leaves its parent: only when all were left the files are gone.
  const depth = useRef(0);
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
  const leave = () => {
    depth.current -= 1;
    if (depth.current <= 0) setOver(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files can be chosen with a button as well.
    <div
      class={`drop-zone ${className}`}
      onDragEnter={(event) => {
        if (!hasFiles(event)) return;
        depth.current += 1;
        setOver(true);
      }}
      onDragOver={(event) => {
        if (hasFiles(event)) event.preventDefault();
      }}
      onDragLeave={(event) => {
        if (hasFiles(event)) leave();
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setOver(false);
        onFiles([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      {children}
      {over && (
        <div class="drop-hint" aria-hidden="true">
          {label}
        </div>
      )}
    </div>
  );
}

interface FileButtonProps {
  readonly label: string;
  readonly className: string;
  readonly onFiles: (files: readonly File[]) => void;
  readonly children: ComponentChildren;
}

/** A button that lets the user choose files. */
export function FileButton({ label, className, onFiles, children }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          // The same file may be chosen once more.
          event.currentTarget.value = '';
        }}
      />
      <button type="button" class={className} aria-label={label} title={label} onClick={() => input.current?.click()}>
        {children}
      </button>
    </>
  );
}
