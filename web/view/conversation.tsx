import { useState } from 'preact/hooks';
import type { Room } from '../../src/client/directory.ts';
import { titleOf } from '../model/chat.ts';
import { Avatar } from './avatar.tsx';
import { Composer } from './composer.tsx';
import { useChat } from './context.ts';
import { DropZone } from './drop-zone.tsx';
import { Icon } from './icon.tsx';
import { Invitation } from './invitation.tsx';
import { MemberPanel } from './member-panel.tsx';
import { MessageList } from './message-list.tsx';

const KINDS = { group: 'Room', channel: 'Channel', direct: 'Direct conversation' } as const;

/** One open room: its head, its messages, and the line to write in. */
export function Conversation({ room }: { readonly room: Room }) {
  const [showMembers, setShowMembers] = useState(false);
  const { uploads, names } = useChat();
  const title = titleOf(room, names);
  const subtitle = room.topic === '' ? KINDS[room.kind] : room.topic;
  return (
    <>
      <main class="conversation" aria-label={title}>
        <header class="conversation-head">
          <a class="icon-button back-button" href="#/" aria-label="Back to the conversations">
            <Icon name="back" />
          </a>
          <Avatar name={title} id={room.peer?.id ?? room.id} group={room.kind !== 'direct'} />
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
  if (id !== undefined)
    return chat.greeted ? <Invitation key={id} id={id} /> : <main class="conversation" aria-busy="true" />;
  return (
    <main class="conversation conversation-none">
      <div class="empty">
        <Icon name="chat" />
        <h2>Hello, {chat.names.of(chat.self.id)}</h2>
        <p>Choose a conversation, or start a new one with the plus sign.</p>
      </div>
    </main>
  );
}
