import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { textOfBody } from '../../src/client/text.ts';
import type { Message } from '../../src/client/wire.ts';
import { mayPin, mayReact, mayRecall, silenceOf } from '../model/rights.ts';
import { linkTo } from '../model/route.ts';
import { useChat } from './context.ts';
import { Icon, type IconName } from './icon.tsx';
import { reactionWords } from './message-reactions.tsx';
import { useTalk } from './talk.ts';

const quick = ['👍', '❤️', '😂', '😮', '😢', '🎉'];
const others = [...'🙏👏🔥✅👀💯🤔😀😍😎🥳😅😴🤯😡👎💡🚀🐛☕🍀🌈👋🤝'];
/** The bytes of a reaction are bounded; no emoji of one sign is near to it. */
const maxReactionLength = 10;

/** Where the actions come up: beside what was pressed. */
export interface ActionsPlace {
  readonly x: number;
  readonly y: number;
}

/** What of it takes a dialog of its own. */
export type ActionDialog = 'forward' | 'recall' | 'hide';

interface MessageActionsProps {
  readonly message: Message;
  readonly place: ActionsPlace;
  readonly onClose: () => void;
  readonly onDialog: (dialog: ActionDialog) => void;
}

/** What can be done with a message: beside it with a mouse, from the bottom of the screen on a phone. */
export function MessageActions({ message, place, onClose, onDialog }: MessageActionsProps) {
  const { room } = useTalk();
  const dialog = useRef<HTMLDialogElement>(null);
  const pressed = useRef(false);
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    element.showModal();
    const { width, height } = element.getBoundingClientRect();
    element.style.setProperty('--x', `${Math.max(8, Math.min(place.x, innerWidth - width - 8))}px`);
    element.style.setProperty('--y', `${Math.max(8, Math.min(place.y, innerHeight - height - 8))}px`);
    element.querySelector<HTMLElement>('[role=menuitem]')?.focus();
    return () => element.close();
  }, [place]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself; the click is one beside it.
    <dialog
      ref={dialog}
      class="actions"
      aria-label="Message actions"
      onClose={onClose}
      onPointerDown={() => {
        pressed.current = true;
      }}
      onClickCapture={(event) => {
        // The end of the long press that brought this up chooses nothing; a click without a pointer is the keyboard's.
        if (!pressed.current && event.detail > 0) event.stopPropagation();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div class="actions-inside">
        {message.recalled !== true && mayReact(room, Date.now()) && <Emoji message={message} onClose={onClose} />}
        <Items message={message} onClose={onClose} onDialog={onDialog} />
      </div>
    </dialog>
  );
}

function Emoji({ message, onClose }: { readonly message: Message; readonly onClose: () => void }) {
  const chat = useChat();
  const [all, setAll] = useState(false);
  const mine = new Set(message.reactions?.flatMap(({ reaction, mine: own }) => (own === true ? [reaction] : [])));
  const react = (reaction: string) => {
    onClose();
    const { room, seq } = message;
    void chat.notices.trying(chat.client.react(room, seq, reaction, mine.has(reaction)), reactionWords);
  };
  return (
    <fieldset class="emoji">
      <legend class="sr-only">React</legend>
      {(all ? [...quick, ...others] : quick).map((reaction) => (
        <button
          key={reaction}
          type="button"
          class="emoji-button"
          aria-label={`React with ${reaction}`}
          aria-pressed={mine.has(reaction)}
          onClick={() => react(reaction)}
        >
          {reaction}
        </button>
      ))}
      {all ? (
        <AnyEmoji onChoose={react} />
      ) : (
        <button type="button" class="emoji-button" aria-label="More emoji" onClick={() => setAll(true)}>
          <Icon name="plus" />
        </button>
      )}
    </fieldset>
  );
}

/** Whatever the keyboard has. */
function AnyEmoji({ onChoose }: { readonly onChoose: (reaction: string) => void }) {
  const onSubmit = (event: Event & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const reaction = String(new FormData(event.currentTarget).get('emoji') ?? '').trim();
    if (reaction !== '') onChoose(reaction);
  };
  return (
    <form class="emoji-any" onSubmit={onSubmit}>
      <input name="emoji" aria-label="Any other emoji" placeholder="Any other" maxLength={maxReactionLength} />
      <button type="submit" class="icon-button" aria-label="React with it">
        <Icon name="check" />
      </button>
    </form>
  );
}

interface Item {
  readonly label: string;
  readonly icon: IconName;
  readonly danger?: boolean;
  readonly run: () => void;
}

function Items({ message, onClose, onDialog }: Omit<MessageActionsProps, 'place'>) {
  const items = useItems(message, onDialog);
  const onKeyDown = (event: KeyboardEvent & { readonly currentTarget: HTMLElement }) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=menuitem]')];
    const index = buttons.indexOf(document.activeElement as HTMLElement);
    buttons[(index + (event.key === 'ArrowDown' ? 1 : -1) + buttons.length) % buttons.length]?.focus();
  };
  return (
    <div class="actions-items" role="menu" tabIndex={-1} aria-label="Message actions" onKeyDown={onKeyDown}>
      {items.map(({ label, icon, danger = false, run }) => (
        <button
          key={label}
          type="button"
          role="menuitem"
          class={`row-button ${danger ? 'danger' : ''}`}
          onClick={() => {
            onClose();
            run();
          }}
        >
          <Icon name={icon} />
          {label}
        </button>
      ))}
    </div>
  );
}

function useItems(message: Message, onDialog: (dialog: ActionDialog) => void): readonly Item[] {
  const chat = useChat();
  const { room, aim } = useTalk();
  const { client, notices, self } = chat;
  const text = message.recalled === true ? undefined : textOfBody(message.body);
  const here = message.recalled !== true;
  const mayWrite = silenceOf(room, Date.now()) === undefined;
  const copy = async (what: string, said: string) => {
    try {
      await navigator.clipboard.writeText(what);
      notices.say(said);
    } catch {
      // Without a secure context or the user's leave there is no clipboard.
      notices.say('This browser does not let the app copy.');
    }
  };
  const pin = () =>
    notices.trying(client.pin(room.id, message.seq, message.pinned !== true), {
      conflict: 'This room has as many pinned messages as it can have.',
    });
  const choices: readonly (Item & { readonly when: boolean })[] = [
    { label: 'Reply', icon: 'reply', when: here && mayWrite, run: () => aim({ kind: 'reply', message }) },
    {
      label: 'Edit',
      icon: 'edit',
      when: text !== undefined && message.from === self.id && message.forwarded === undefined,
      run: () => aim({ kind: 'edit', message }),
    },
    { label: 'Forward', icon: 'forward', when: here, run: () => onDialog('forward') },
    {
      label: message.pinned === true ? 'Unpin' : 'Pin',
      icon: 'pin',
      when: here && mayPin(room),
      run: () => void pin(),
    },
    { label: 'Copy text', icon: 'copy', when: text !== undefined, run: () => void copy(text ?? '', 'Text copied.') },
    {
      label: 'Copy link',
      icon: 'link',
      when: true,
      run: () => void copy(linkTo(room.id, message.seq), 'Link copied.'),
    },
    { label: 'Delete for me', icon: 'trash', when: true, run: () => onDialog('hide') },
    {
      label: 'Recall for everyone',
      icon: 'undo',
      danger: true,
      when: here && mayRecall(room, message, self.id),
      run: () => onDialog('recall'),
    },
  ];
  return choices.filter(({ when }) => when);
}
