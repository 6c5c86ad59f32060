import { useEffect, useRef, useState } from 'preact/hooks';
import { asMailroomError } from '../../src/client/errors.ts';
import { explain } from '../model/text.ts';
import { useChat } from './context.ts';
import { FileButton } from './drop-zone.tsx';
import { Icon } from './icon.tsx';

const words = {
  too_large: 'This message is too long to be sent. Please shorten it.',
  overloaded: 'Too many messages are waiting to be sent. Please wait until the connection is back.',
};

/** The line to write in: Enter sends, Shift and Enter break the line. */
export function Composer({ room, title }: { readonly room: string; readonly title: string }) {
  const chat = useChat();
  const [text, setText] = useState(chat.drafts.get(room) ?? '');
  const [error, setError] = useState<string>();
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // On a touch screen the focus would push the keyboard over the conversation that was just opened.
    if (matchMedia('(pointer: fine)').matches) area.current?.focus();
  }, []);
  const write = (next: string) => {
    setText(next);
    chat.drafts.set(room, next);
  };
  const send = () => {
    const trimmed = text.trim();
    if (trimmed === '') return;
    try {
      chat.client.postText(room, trimmed);
      write('');
      setError(undefined);
    } catch (reason) {
      setError(explain(asMailroomError(reason), words));
    }
    area.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Input methods for many scripts use Enter to choose a word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {error !== undefined && (
        <p class="form-error" role="alert">
          <Icon name="alert" />
          <span>{error}</span>
        </p>
      )}
      <div class="composer-line">
        <FileButton
          label="Attach files"
          className="icon-button attach-button"
          onFiles={(files) => chat.uploads.add(files, room)}
        >
          <Icon name="clip" />
        </FileButton>
        <textarea
          ref={area}
          rows={Math.min(8, text.split('\n').length)}
          value={text}
          placeholder={`Message ${title}`}
          aria-label={`Message ${title}`}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const files = [...(event.clipboardData?.files ?? [])];
            if (files.length === 0) return;
            event.preventDefault();
            chat.uploads.add(files, room);
          }}
        />
        <button type="submit" class="send-button" aria-label="Send" title="Send" disabled={text.trim() === ''}>
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}
