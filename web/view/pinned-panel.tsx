import { useEffect, useState } from 'preact/hooks';
import { asMailroomError } from '../../src/client/errors.ts';
import type { ResultOf } from '../../src/client/wire.ts';
import { useObservable } from '../model/observable.ts';
import { mayPin } from '../model/rights.ts';
import { briefTime, explain, shownText } from '../model/text.ts';
import { useChat } from './context.ts';
import { Icon } from './icon.tsx';
import { useTalk } from './talk.ts';

type Pin = ResultOf<'messages.pins'>['pins'][number];

/** What is pinned in the open room, the newest message first; a click shows it in its place. */
export function PinnedPanel({ onClose }: { readonly onClose: () => void }) {
  const { room } = useTalk();
  const { pins, error } = usePins(room.id);
  return (
    <aside class="panel" aria-label="Pinned messages">
      <header class="panel-head">
        <h2>Pinned messages</h2>
        <button type="button" class="icon-button" aria-label="Close pinned messages" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {error !== undefined && <p class="panel-note">{error}</p>}
      {pins?.length === 0 && (
        <p class="panel-note">Nothing is pinned here{mayPin(room) && '. Pin a message from its menu'}.</p>
      )}
      <ul class="pins">
        {pins?.toReversed().map((pin) => (
          <PinItem key={pin.seq} pin={pin} />
        ))}
      </ul>
    </aside>
  );
}

function PinItem({ pin }: { readonly pin: Pin }) {
  const chat = useChat();
  const { room } = useTalk();
  useObservable(chat.quotes);
  const timeline = chat.timeline(room.id);
  const message = timeline.find(pin.seq) ?? chat.quotes.of(room.id, pin.seq);
  const unpin = () => chat.notices.trying(chat.client.pin(room.id, pin.seq, false));
  return (
    <li class="pin">
      <button type="button" class="pin-message" onClick={() => void timeline.show(pin.seq)}>
        <span class="room-line">
          <strong>{message === undefined ? '…' : (chat.names.of(message.from) ?? '…')}</strong>
          {message !== undefined && <time class="room-time">{briefTime(message.at, Date.now())}</time>}
        </span>
        <span class="pin-text">{message === undefined ? '…' : shownText(message.body)}</span>
      </button>
      {mayPin(room) && (
        <button type="button" class="icon-button" aria-label="Unpin" title="Unpin" onClick={() => void unpin()}>
          <Icon name="close" />
        </button>
      )}
    </li>
  );
}

/** The pins as they are now: asked for again with each change that may concern them, and with each connection. */
function usePins(room: string) {
  const { client } = useChat();
  const [pins, setPins] = useState<readonly Pin[]>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    let newest = 0;
    const ask = async () => {
      const asked = ++newest;
      try {
        const answer = await client.request('messages.pins', { room }, { repeat: true });
        if (asked !== newest) return;
        setPins(answer.pins);
        setError(undefined);
      } catch (reason) {
        if (asked === newest) setError(explain(asMailroomError(reason)));
      }
    };
    void ask();
    const offs = [
      client.on('changed', (changed) => {
        if (changed.room === room && (changed.kind === 'pinned' || changed.kind === 'recalled')) void ask();
      }),
      client.on('reload', (event) => {
        if (event.room === room) void ask();
      }),
      client.on('state', (state) => {
        if (state.kind === 'ready') void ask();
      }),
    ];
    return () => {
      newest = -1;
      for (const off of offs) off();
    };
  }, [client, room]);
  return { pins, error };
}
