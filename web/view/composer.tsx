import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { PostOptions } from '../../src/client/client.ts';
import type { Room } from '../../src/client/directory.ts';
import { asMailroomError } from '../../src/client/errors.ts';
import { textOfBody } from '../../src/client/text.ts';
import { mentionsIn, splitNames } from '../model/mentions.ts';
import { mayCallAll, silenceOf } from '../model/rights.ts';
import { explain, shownText } from '../model/text.ts';
import { useChat } from './context.ts';
import { FileButton } from './drop-zone.tsx';
import { Icon } from './icon.tsx';
import { MentionList, useMentions } from './mention-list.tsx';
import { useTalk } from './talk.ts';

const words = {
  too_large: 'This message is too long to be sent. Please shorten it.',
  overloaded: 'Too many messages are waiting to be sent. Please wait until the connection is back.',
};
const editWords = {
  ...words,
  forbidden: 'It is too late to edit this message.',
  conflict: 'This message was recalled.',
};

interface ComposerProps {
  readonly room: Room;
  readonly title: string;
}

/** The line to write in, or why there is none. */
export function Composer({ room, title }: ComposerProps) {
  const silence = silenceOf(room, Date.now());
  if (silence !== undefined) return <p class="composer-silent">{silence}</p>;
  return <WritingLine room={room} title={title} />;
}

/** Enter sends, Shift and Enter break the line. */
function WritingLine({ room, title }: ComposerProps) {
  const chat = useChat();
  const { target } = useTalk();
  const area = useRef<HTMLTextAreaElement>(null);
  const { text, write, error, send } = useDraft(room, area);
  const mentions = useMentions(room, area, text, write);
  const submit = () => {
    // Names mean nobody before it is known who is here; without a connection nothing is known, and the text goes as it is.
    const known = mentions.members !== undefined || chat.client.state.kind !== 'ready';
    if (known || !splitNames(text).some(({ name }) => name !== undefined)) send(mentions.members ?? []);
    else void mentions.load().then(send);
  };
  const label = target?.kind === 'edit' ? 'Edit message' : `Message ${title}`;
  const cancel = useCancel(write, room.id);
  const onKeyDown = (event: KeyboardEvent) => {
    // Input methods for many scripts use Enter to choose a word.
    if (event.isComposing || mentions.onKeyDown(event)) return;
    if (event.key === 'Escape' && target !== undefined) cancel();
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    submit();
  };
  const onInput = (event: Event & { readonly currentTarget: HTMLTextAreaElement }) => {
    write(event.currentTarget.value);
    mentions.onCaret();
    chat.typists.wrote(room.id);
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    chat.uploads.add(files, room.id);
  };
  const onSubmit = (event: Event) => {
    event.preventDefault();
    submit();
  };
  return (
    <form class="composer" onSubmit={onSubmit}>
      {error !== undefined && (
        <p class="form-error" role="alert">
          <Icon name="alert" />
          <span>{error}</span>
        </p>
      )}
      {target !== undefined && <TargetLine onCancel={cancel} />}
      <MentionList mentions={mentions} />
      <div class="composer-line">
        <FileButton
          label="Attach files"
          className="icon-button attach-button"
          onFiles={(files) => chat.uploads.add(files, room.id)}
        >
          <Icon name="clip" />
        </FileButton>
        <textarea
          ref={area}
          rows={Math.min(8, text.split('\n').length)}
          value={text}
          placeholder={label}
          aria-label={label}
          {...mentions.attributes}
          onInput={onInput}
          onKeyDown={onKeyDown}
          onClick={mentions.onCaret}
          onPaste={onPaste}
        />
        <button type="submit" class="send-button" aria-label="Send" title="Send" disabled={text.trim() === ''}>
          <Icon name={target?.kind === 'edit' ? 'check' : 'send'} />
        </button>
      </div>
    </form>
  );
}

type Area = { readonly current: HTMLTextAreaElement | null };

/** The text that is being written: a message of its own, kept over changes of the room, or an edit. */
function useDraft(room: Room, area: Area) {
  const chat = useChat();
  const { target, aim } = useTalk();
  const [text, setText] = useState(chat.drafts.get(room.id) ?? '');
  const [error, setError] = useState<string>();
  const edited = target?.kind === 'edit' ? target.message : undefined;
  useEffect(() => {
    // On a touch screen the focus would push the keyboard over the conversation that was just opened.
    if (matchMedia('(pointer: fine)').matches) area.current?.focus();
  }, [area]);
  useLayoutEffect(() => {
    setError(undefined);
    if (target === undefined) return;
    if (edited !== undefined) setText(textOfBody(edited.body) ?? '');
    area.current?.focus();
  }, [area, target, edited]);
  const write = (next: string) => {
    setText(next);
    if (edited === undefined) chat.drafts.set(room.id, next);
  };
  const sent = () => {
    setError(undefined);
    aim(undefined);
    chat.typists.sent();
  };
  const edit = async (trimmed: string, mentions: readonly string[]) => {
    if (edited === undefined) return;
    try {
      const body = { type: 'text' as const, text: trimmed };
      await chat.client.edit(room.id, edited.seq, body, mentions.length === 0 ? undefined : mentions);
      setText(chat.drafts.get(room.id) ?? '');
      sent();
    } catch (reason) {
      setError(explain(asMailroomError(reason), editWords));
    }
  };
  const send = (members: Parameters<typeof mentionsIn>[1]) => {
    const trimmed = text.trim();
    if (trimmed === '') return;
    const { users, all } = mentionsIn(trimmed, members);
    if (edited !== undefined) return void edit(trimmed, users);
    const options: PostOptions = {
      ...(target === undefined ? {} : { replyTo: target.message.seq }),
      ...(users.length === 0 ? {} : { mentions: users }),
      ...(all && mayCallAll(room) ? { mentionAll: true } : {}),
    };
    try {
      chat.client.postText(room.id, trimmed, options);
      write('');
      sent();
    } catch (reason) {
      setError(explain(asMailroomError(reason), words));
    }
    area.current?.focus();
  };
  return { text, write, error, send };
}

/** Ends an answer or an edit; what was being written before is there again. */
function useCancel(write: (text: string) => void, room: string): () => void {
  const chat = useChat();
  const { target, aim } = useTalk();
  return () => {
    aim(undefined);
    if (target?.kind === 'edit') write(chat.drafts.get(room) ?? '');
  };
}

function TargetLine({ onCancel }: { readonly onCancel: () => void }) {
  const chat = useChat();
  const { target } = useTalk();
  if (target === undefined) return null;
  const { kind, message } = target;
  const name = message.from === chat.self.id ? 'yourself' : (chat.names.of(message.from) ?? '…');
  const title = kind === 'edit' ? 'Edit message' : `Reply to ${name}`;
  return (
    <div class="composer-target">
      <Icon name={kind} />
      <span class="composer-target-text">
        <strong>{title}</strong>
        <span>{shownText(message.body)}</span>
      </span>
      <button type="button" class="icon-button" aria-label={`Cancel: ${title}`} onClick={onCancel}>
        <Icon name="close" />
      </button>
    </div>
  );
}
