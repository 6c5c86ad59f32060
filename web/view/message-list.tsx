import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Room } from '../../src/client/directory.ts';
import { useObservable } from '../model/observable.ts';
import { route } from '../model/route.ts';
import { rowsOf } from '../model/rows.ts';
import { explain } from '../model/text.ts';
import type { Timeline } from '../model/timeline.ts';
import { useChat } from './context.ts';
import { Icon } from './icon.tsx';
import { FailedRow, MessageRow, PendingRow } from './message-row.tsx';
import { useStickyScroll } from './sticky-scroll.ts';

/** A room's messages, the newest at the bottom, older ones loaded on the way up. */
export function MessageList({ room }: { readonly room: Room }) {
  const chat = useChat();
  useObservable(chat.names);
  const timeline = chat.timeline(room.id);
  useObservable(timeline);
  // Where the user had read to when the room was opened: the line above the news stays there while they read.
  const [readBefore] = useState(room.read);
  const scroll = useStickyScroll(timeline);
  useReadMark(room, timeline, scroll.atBottom);
  useLinkedMessage(timeline);
  const own = chat.self.id;
  const lastOwn = timeline.newer ? undefined : timeline.messages.findLast(({ from }) => from === own)?.seq;
  return (
    <div class="messages-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <section class="messages" ref={scroll.element} onScroll={scroll.onScroll} aria-label="Messages" tabIndex={0}>
        <Top timeline={timeline} room={room} />
        <ol class="message-rows" aria-live="polite" aria-relevant="additions">
          {rowsOf(timeline.messages, own, readBefore, Date.now()).map((row) =>
            row.kind === 'message' ? (
              <MessageRow
                key={row.key}
                row={row}
                own={row.message.from === own}
                showName={room.kind !== 'direct'}
                lastOwn={row.message.seq === lastOwn}
              />
            ) : (
              <li key={row.key} class={row.kind === 'day' ? 'day' : 'news'}>
                <span>{row.label}</span>
              </li>
            ),
          )}
          {!timeline.newer && timeline.pending.map((post) => <PendingRow key={post.nonce} post={post} />)}
          {timeline.failed.map((failed) => (
            <FailedRow key={failed.post.nonce} failed={failed} timeline={timeline} />
          ))}
        </ol>
      </section>
      {(!scroll.atBottom || timeline.newer) && (
        <button type="button" class="to-bottom" aria-label="To the newest message" onClick={scroll.toBottom}>
          <Icon name="down" />
          {room.unread > 0 && <span class="badge">{room.unread > 99 ? '99+' : room.unread}</span>}
        </button>
      )}
    </div>
  );
}

/** What stands above the first message: why there is nothing, or that there is more. */
function Top({ timeline, room }: { readonly timeline: Timeline; readonly room: Room }) {
  if (timeline.error !== undefined) {
    return (
      <div class="messages-top" role="alert">
        <p>{explain(timeline.error)}</p>
        <button type="button" class="button" onClick={() => void timeline.loadOlder()}>
          Try again
        </button>
      </div>
    );
  }
  if (timeline.loading) {
    return (
      <div class="messages-top" role="status" aria-label="Loading messages">
        <span class="spinner" />
      </div>
    );
  }
  if (timeline.more) return <div class="messages-top" />;
  const empty = timeline.messages.length === 0 && timeline.pending.length === 0;
  return (
    <div class={`messages-top ${empty ? 'messages-empty' : ''}`}>
      <p>{empty ? 'No messages yet. Write the first one.' : `This is the beginning of ${nameOf(room)}.`}</p>
    </div>
  );
}

function nameOf(room: Room): string {
  return room.kind === 'direct' ? 'your conversation' : `“${room.title}”`;
}

/** Shows the message that the address names. */
function useLinkedMessage(timeline: Timeline): void {
  useObservable(route);
  const { seq } = route;
  useEffect(() => {
    if (seq === undefined || route.room !== timeline.room) return;
    route.settle();
    void timeline.show(seq);
  }, [timeline, seq]);
}

/** Raises the read position while the newest message can be seen. */
function useReadMark(room: Room, timeline: Timeline, atBottom: boolean): void {
  const { client } = useChat();
  const [visible, setVisible] = useState(() => document.visibilityState === 'visible');
  useEffect(() => {
    const look = () => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  const head = timeline.messages.at(-1)?.seq ?? 0;
  // The user's own messages count as read here at once; the server hears of them with this mark.
  const marked = useRef(room.read);
  useLayoutEffect(() => {
    if (!visible || !atBottom || !timeline.loaded || head <= marked.current) return;
    marked.current = head;
    client.markRead(room.id, head);
  }, [client, room.id, timeline.loaded, head, visible, atBottom]);
}
