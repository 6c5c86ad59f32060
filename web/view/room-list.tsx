import { useEffect } from 'preact/hooks';
import type { Conversation } from '../model/chat.ts';
import { useObservable } from '../model/observable.ts';
import { route } from '../model/route.ts';
import { briefTime, shownText } from '../model/text.ts';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';
import { Icon } from './icon.tsx';
import { PresenceDot } from './presence-dot.tsx';

/** The user's rooms, the one with the newest message first. */
export function RoomList({ onNew }: { readonly onNew: () => void }) {
  const chat = useChat();
  useObservable(chat.names);
  useObservable(route);
  const conversations = chat.conversations();
  useUnreadTitle(conversations);
  if (conversations.length > 0) {
    return (
      <ul class="rooms">
        {conversations.map((conversation) => (
          <RoomItem key={conversation.room.id} conversation={conversation} open={route.room === conversation.room.id} />
        ))}
      </ul>
    );
  }
  if (!chat.greeted) return <RoomSkeleton />;
  return (
    <div class="empty">
      <Icon name="chat" />
      <h2>No conversations yet</h2>
      <p>Make a room, or write to someone directly.</p>
      <button type="button" class="button button-primary" onClick={onNew}>
        Start a conversation
      </button>
    </div>
  );
}

/** One room, with its last message and what is new in it. */
export function RoomItem({ conversation, open }: { readonly conversation: Conversation; readonly open: boolean }) {
  const { room, title, latest } = conversation;
  return (
    <li>
      <a class="room" href={`#/room/${room.id}`} aria-current={open ? 'page' : undefined}>
        <span class="avatar-frame">
          <Avatar name={title} id={room.peer?.id ?? room.id} group={room.kind !== 'direct'} />
          {room.peer !== undefined && <PresenceDot user={room.peer.id} />}
        </span>
        <span class="room-text">
          <span class="room-line">
            <span class="room-title">{title}</span>
            {latest !== undefined && <time class="room-time">{briefTime(latest.at, Date.now())}</time>}
          </span>
          <span class="room-line">
            <span class="room-latest">
              <Latest conversation={conversation} />
            </span>
            <Badges room={room} />
          </span>
        </span>
      </a>
    </li>
  );
}

/** How much is new, whether some of it speaks to the user, and whether they marked the room by hand. */
function Badges({ room: { unread, mentions, marked } }: Pick<Conversation, 'room'>) {
  return (
    <span class="badges">
      {mentions > 0 && (
        <span class="badge badge-mention" title="You are mentioned">
          <span aria-hidden="true">@</span>
          <span class="sr-only">{mentions} mentions, </span>
        </span>
      )}
      {unread > 0 ? (
        <span class="badge">
          {unread > 99 ? '99+' : unread}
          <span class="sr-only"> unread</span>
        </span>
      ) : (
        marked && (
          <span class="badge badge-dot">
            <span class="sr-only">marked as unread</span>
          </span>
        )
      )}
    </span>
  );
}

function Latest({ conversation: { room, latest } }: { readonly conversation: Conversation }) {
  const chat = useChat();
  const draft = chat.drafts.get(room.id);
  if (draft !== undefined && draft !== '' && route.room !== room.id) {
    return (
      <>
        <em class="draft">Draft: </em>
        {draft}
      </>
    );
  }
  if (latest === undefined) return <>{room.seq === 0 ? 'No messages yet' : ''}</>;
  const who = latest.from === chat.self.id ? 'You' : room.kind !== 'direct' ? chat.names.of(latest.from) : undefined;
  return (
    <>
      {who !== undefined && `${who}: `}
      {shownText(latest.body)}
    </>
  );
}

function RoomSkeleton() {
  return (
    <div class="rooms" role="status" aria-label="Loading conversations">
      {[0, 1, 2, 3].map((row) => (
        <div class="room skeleton" key={row}>
          <span class="avatar avatar-large" />
          <span class="room-text">
            <span class="skeleton-line" />
            <span class="skeleton-line skeleton-short" />
          </span>
        </div>
      ))}
    </div>
  );
}

function useUnreadTitle(conversations: readonly Conversation[]): void {
  const unread = conversations.reduce((sum, { room }) => sum + room.unread, 0);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Mailroom` : 'Mailroom';
  }, [unread]);
}
