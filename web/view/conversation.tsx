import { useEffect, useState } from 'preact/hooks';
import type { Room } from '../../src/client/directory.ts';
import { titleOf } from '../model/chat.ts';
import { route } from '../model/route.ts';
import { Avatar } from './avatar.tsx';
import { Composer } from './composer.tsx';
import { useChat } from './context.ts';
import { DropZone } from './drop-zone.tsx';
import { Icon } from './icon.tsx';
import { MemberPanel } from './member-panel.tsx';
import { MessageList } from './message-list.tsx';

/** One open room: its head, its messages, and the line to write in. */
export function Conversation({ room }: { readonly room: Room }) {
  const [showMembers, setShowMembers] = useState(false);
  const { uploads } = useChat();
  const title = titleOf(room);
  const subtitle = room.kind === 'direct' ? 'Direct conversation' : 'Room';
  return (
    <>
      <main class="conversation" aria-label={title}>
        <header class="conversation-head">
          <a class="icon-button back-button" href="#/" aria-label="Back to the conversations">
            <Icon name="back" />
          </a>
          <Avatar name={title} id={room.peer?.id ?? room.id} group={room.kind === 'group'} />
          <div class="conversation-title">
            <h1>{title}</h1>
            <p>{subtitle}</p>
          </div>
          <button
            type="button"
            class="icon-button"
            aria-label="Details and members"
            title="Details and members"
            aria-expanded={showMembers}
            onClick={() => setShowMembers(!showMembers)}
          >
            <Icon name="people" />
          </button>
        </header>
        <DropZone label={`Drop files to send them to ${title}`} onFiles={(files) => uploads.add(files, room.id)}>
          <MessageList key={room.id} room={room} />
          <Composer key={`composer-${room.id}`} room={room.id} title={title} />
        </DropZone>
      </main>
      {showMembers && <MemberPanel room={room} onClose={() => setShowMembers(false)} />}
    </>
  );
}

/** What stands where the open room would: nothing is open, or a room that the user is not in. */
export function NoConversation({ id }: { readonly id: string | undefined }) {
  const chat = useChat();
  if (id !== undefined) return chat.greeted ? <Invitation id={id} /> : <main class="conversation" aria-busy="true" />;
  return (
    <main class="conversation conversation-none">
      <div class="empty">
        <Icon name="chat" />
        <h2>Hello, {chat.self.username}</h2>
        <p>Choose a conversation, or start a new one with the plus sign.</p>
      </div>
    </main>
  );
}

function Invitation({ id }: { readonly id: string }) {
  const { client } = useChat();
  const [state, setState] = useState<'asking' | 'joining' | 'failed'>('asking');
  useEffect(() => setState('asking'), [id]);
  const join = async () => {
    setState('joining');
    try {
      route.open((await client.joinRoom(id)).id);
    } catch {
      setState('failed');
    }
  };
  return (
    <main class="conversation conversation-none">
      <div class="empty">
        <Icon name="link" />
        <h2>{state === 'failed' ? 'This room cannot be joined' : 'You are not in this room'}</h2>
        <p>
          {state === 'failed'
            ? 'It may not exist, or it is not open to you. Ask someone who is in it to invite you.'
            : 'Someone shared a link to it with you. Join to read along and take part.'}
        </p>
        <div class="empty-actions">
          <a class="button" href="#/">
            Back
          </a>
          <button
            type="button"
            class="button button-primary"
            disabled={state === 'joining'}
            onClick={() => void join()}
          >
            {state === 'failed' ? 'Try again' : 'Join room'}
          </button>
        </div>
      </div>
    </main>
  );
}
