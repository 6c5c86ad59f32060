import { useMemo, useState } from 'preact/hooks';
import type { Room } from '../../src/client/directory.ts';
import { titleOf } from '../model/chat.ts';
import { Composer } from './composer.tsx';
import { useChat } from './context.ts';
import { ConversationHead } from './conversation-head.tsx';
import { DropZone } from './drop-zone.tsx';
import { Icon } from './icon.tsx';
import { Invitation } from './invitation.tsx';
import { MemberPanel } from './member-panel.tsx';
import { MessageList } from './message-list.tsx';
import { Notice } from './notice.tsx';
import { PinnedPanel } from './pinned-panel.tsx';
import { type ComposerTarget, TalkContext } from './talk.ts';
import { TypingLine } from './typing-line.tsx';

/** One open room: its head, its messages, and the line to write in. */
export function Conversation({ room }: { readonly room: Room }) {
  const [panel, setPanel] = useState<'members' | 'pins'>();
  const [target, aim] = useState<ComposerTarget>();
  const { uploads, names } = useChat();
  const title = titleOf(room, names);
  const close = () => setPanel(undefined);
  const talk = useMemo(() => ({ room, target, aim }), [room, target]);
  return (
    <TalkContext.Provider value={talk}>
      <main class="conversation" aria-label={title}>
        <ConversationHead room={room} panel={panel} onPanel={(next) => setPanel(next === panel ? undefined : next)} />
        <DropZone label={`Drop files to send them to ${title}`} onFiles={(files) => uploads.add(files, room.id)}>
          <MessageList key={room.id} room={room} />
          <TypingLine room={room.id} />
          <Notice />
          <Composer key={`composer-${room.id}`} room={room} title={title} />
        </DropZone>
      </main>
      {panel === 'members' && <MemberPanel room={room} onClose={close} />}
      {panel === 'pins' && <PinnedPanel onClose={close} />}
    </TalkContext.Provider>
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
