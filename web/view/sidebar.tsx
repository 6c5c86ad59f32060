import { useEffect, useState } from 'preact/hooks';
import type { Conversation } from '../model/chat.ts';
import { useObservable } from '../model/observable.ts';
import { FILES_LINK, route } from '../model/route.ts';
import type { Session } from '../model/session.ts';
import { briefTime, shownText } from '../model/text.ts';
import { AccountDialog } from './account-dialog.tsx';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';
import { DevicesDialog } from './devices-dialog.tsx';
import { Icon } from './icon.tsx';
import { Menu } from './menu.tsx';
import { NewConversationDialog } from './new-conversation.tsx';
import { PasswordDialog } from './password-dialog.tsx';
import { PeopleDialog } from './people-dialog.tsx';
import { PrivacyDialog } from './privacy-dialog.tsx';
import { ProfileDialog } from './profile-dialog.tsx';
import { UploadTray } from './upload-tray.tsx';

/** The user, and the list of their rooms. */
export function Sidebar({ session }: { readonly session: Session }) {
  const chat = useChat();
  const [dialog, setDialog] = useState<'new' | 'password' | 'people' | 'profile' | 'privacy' | 'devices' | 'account'>();
  const close = () => setDialog(undefined);
  useObservable(chat.names);
  useObservable(chat.people);
  const name = chat.names.of(chat.self.id) ?? chat.self.username;
  return (
    <nav class="sidebar" aria-label="Conversations">
      <header class="sidebar-head">
        <Menu
          label="Account"
          className="account-button"
          items={[
            { label: 'Profile', icon: 'person', run: () => setDialog('profile') },
            { label: 'Privacy', icon: 'shield', run: () => setDialog('privacy') },
            { label: 'Devices', icon: 'device', run: () => setDialog('devices') },
            { label: 'Change password', icon: 'key', run: () => setDialog('password') },
            { label: 'Data and account', icon: 'download', run: () => setDialog('account') },
            { label: 'Log out', icon: 'leave', danger: true, run: () => void chat.logOut() },
          ]}
        >
          <Avatar name={name} id={chat.self.id} />
          <span class="account-name">{name}</span>
        </Menu>
        <PeopleButton asking={chat.people.contacts('incoming').length} onClick={() => setDialog('people')} />
        <a class="icon-button" href={FILES_LINK} aria-label="Files" title="Files">
          <Icon name="folder" />
        </a>
        <button
          type="button"
          class="icon-button icon-button-accent"
          aria-label="New conversation"
          title="New conversation"
          onClick={() => setDialog('new')}
        >
          <Icon name="plus" />
        </button>
      </header>
      <RoomList onNew={() => setDialog('new')} />
      <UploadTray />
      {dialog === 'new' && <NewConversationDialog onClose={close} />}
      {dialog === 'people' && <PeopleDialog onClose={close} />}
      {dialog === 'profile' && <ProfileDialog onClose={close} />}
      {dialog === 'privacy' && <PrivacyDialog onClose={close} />}
      {dialog === 'devices' && <DevicesDialog onClose={close} />}
      {dialog === 'account' && <AccountDialog session={session} onClose={close} />}
      {dialog === 'password' && <PasswordDialog session={session} onClose={close} />}
    </nav>
  );
}

/** Leads to the contacts; a number says how many ask to be one. */
function PeopleButton({ asking, onClick }: { readonly asking: number; readonly onClick: () => void }) {
  return (
    <button
      type="button"
      class="icon-button people-button"
      aria-label={asking > 0 ? `People, ${asking} asking` : 'People'}
      title="People"
      onClick={onClick}
    >
      <Icon name="people" />
      {asking > 0 && (
        <span class="badge" aria-hidden="true">
          {asking}
        </span>
      )}
    </button>
  );
}

function RoomList({ onNew }: { readonly onNew: () => void }) {
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

function RoomItem({ conversation, open }: { readonly conversation: Conversation; readonly open: boolean }) {
  const { room, title, latest } = conversation;
  return (
    <li>
      <a class="room" href={`#/room/${room.id}`} aria-current={open ? 'page' : undefined}>
        <Avatar name={title} id={room.peer?.id ?? room.id} group={room.kind !== 'direct'} />
        <span class="room-text">
          <span class="room-line">
            <span class="room-title">{title}</span>
            {latest !== undefined && <time class="room-time">{briefTime(latest.at, Date.now())}</time>}
          </span>
          <span class="room-line">
            <span class="room-latest">
              <Latest conversation={conversation} />
            </span>
            {room.unread > 0 && (
              <span class="badge">
                {room.unread > 99 ? '99+' : room.unread}
                <span class="sr-only"> unread</span>
              </span>
            )}
          </span>
        </span>
      </a>
    </li>
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
