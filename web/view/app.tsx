import { useEffect, useMemo } from 'preact/hooks';
import type { User } from '../../src/client/wire.ts';
import { Chat } from '../model/chat.ts';
import { useObservable } from '../model/observable.ts';
import { route } from '../model/route.ts';
import type { Session } from '../model/session.ts';
import { AuthScreen } from './auth-screen.tsx';
import { Banner } from './banner.tsx';
import { ChatContext } from './context.ts';
import { Conversation, NoConversation } from './conversation.tsx';
import { DriveScreen } from './drive-screen.tsx';
import { LinkInvitation } from './invitation.tsx';
import { Sidebar } from './sidebar.tsx';

/** The whole app: the login, or the chat of whoever is logged in. */
export function App({ session }: { readonly session: Session }) {
  useObservable(session);
  const user = session.login?.user;
  if (user === undefined) return <AuthScreen session={session} />;
  return <ChatScreen key={user.id} session={session} user={user} />;
}

function ChatScreen({ session, user }: { readonly session: Session; readonly user: User }) {
  const chat = useMemo(() => new Chat(session, location.origin, user), [session, user.id]);
  useEffect(() => chat.start(), [chat]);
  useObservable(chat);
  useObservable(route);
  const id = route.room;
  const room = id === undefined ? undefined : chat.client.rooms.get(id);
  return (
    <ChatContext.Provider value={chat}>
      <div class={`shell ${route.isFront ? '' : 'shell-open'}`}>
        <Banner />
        <Sidebar session={session} />
        {route.files ? (
          <DriveScreen />
        ) : route.invitation !== undefined ? (
          <LinkInvitation key={route.invitation} token={route.invitation} />
        ) : room === undefined ? (
          <NoConversation id={id} />
        ) : (
          <Conversation key={room.id} room={room} />
        )}
      </div>
    </ChatContext.Provider>
  );
}
