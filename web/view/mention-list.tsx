import { useCallback, useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Room } from '../../src/client/directory.ts';
import { everybody, type Nameable, nameAt, suggestionsFor } from '../model/mentions.ts';
import { mayCallAll } from '../model/rights.ts';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';

const maxShown = 6;

type Area = { readonly current: HTMLTextAreaElement | null };
type Mentions = ReturnType<typeof useMentions>;

/** Completes names behind an @ while they are written. */
export function useMentions(room: Room, area: Area, text: string, write: (text: string) => void) {
  const id = useId();
  const { self } = useChat();
  const { members, load } = useMembers(room.id, text.includes('@'));
  const [caret, setCaret] = useState(text.length);
  const [chosen, setChosen] = useState(0);
  const [closed, setClosed] = useState(false);
  const begun = closed ? undefined : nameAt(text, caret);
  const all: readonly Nameable[] =
    mayCallAll(room) && room.kind !== 'direct' ? [{ user: '', username: everybody }] : [];
  const others = (members ?? []).filter(({ user }) => user !== self.id);
  const shown = begun === undefined ? [] : suggestionsFor(begun.begun, [...all, ...others], maxShown);
  const index = Math.min(chosen, shown.length - 1);
  const choose = (name: string) => {
    if (begun === undefined) return;
    const before = `${text.slice(0, begun.start)}@${name} `;
    write(before + text.slice(caret));
    setCaret(before.length);
    // The caret goes behind the name once the text is there.
    queueMicrotask(() => {
      area.current?.focus();
      requestAnimationFrame(() => area.current?.setSelectionRange(before.length, before.length));
    });
  };
  const onCaret = () => {
    setCaret(area.current?.selectionStart ?? 0);
    setClosed(false);
    setChosen(0);
  };
  /** Answers whether the key was for the list. */
  const onKeyDown = (event: KeyboardEvent): boolean => {
    const choice = shown[index];
    if (choice === undefined) return false;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      setChosen((index + (event.key === 'ArrowDown' ? 1 : -1) + shown.length) % shown.length);
    } else if (event.key === 'Enter' || event.key === 'Tab') choose(choice.username);
    else if (event.key === 'Escape') setClosed(true);
    else return false;
    event.preventDefault();
    return true;
  };
  const open = shown.length > 0;
  const attributes = {
    'aria-autocomplete': 'list' as const,
    'aria-controls': open ? id : undefined,
    'aria-activedescendant': open ? `${id}-${index}` : undefined,
  };
  return { id, members, load, shown, index, choose, onCaret, onKeyDown, attributes };
}

export function MentionList({ mentions: { id, shown, index, choose } }: { readonly mentions: Mentions }) {
  if (shown.length === 0) return null;
  return (
    <div class="mention-list" role="listbox" id={id} aria-label="Members">
      {shown.map(({ user, username }, place) => (
        <div
          key={username}
          id={`${id}-${place}`}
          role="option"
          tabIndex={-1}
          aria-selected={place === index}
          class="mention-option"
          // The text keeps the focus.
          onPointerDown={(event) => {
            event.preventDefault();
            choose(username);
          }}
        >
          <Avatar name={username} id={user} size="small" group={user === ''} />
          <span>{user === '' ? `${username}: everybody here` : username}</span>
        </div>
      ))}
    </div>
  );
}

/** Who can be named: asked for once an @ is written, and again when somebody comes or goes. */
function useMembers(room: string, wanted: boolean) {
  const { client } = useChat();
  const [members, setMembers] = useState<readonly Nameable[]>();
  const asked = useRef<Promise<readonly Nameable[]>>(undefined);
  const load = useCallback((): Promise<readonly Nameable[]> => {
    // Without the members nobody is spoken to; the next message asks again.
    asked.current ??= client.members(room).catch(() => {
      asked.current = undefined;
      return [];
    });
    return asked.current;
  }, [client, room]);
  useEffect(() => {
    if (wanted && members === undefined) void load().then(setMembers);
  }, [wanted, members, load]);
  useEffect(() => {
    const forget = () => {
      asked.current = undefined;
      setMembers(undefined);
    };
    const offs = [
      client.on('room', (change) => {
        if (change.room === room && (change.event === 'joined' || change.event === 'left')) forget();
      }),
      client.on('state', (state) => {
        if (state.kind === 'ready') forget();
      }),
    ];
    return () => {
      for (const off of offs) off();
    };
  }, [client, room]);
  return { members, load };
}
