import type { Room } from '../../src/client/directory.ts';
import { titleOf } from '../model/chat.ts';
import { useObservable } from '../model/observable.ts';
import { route } from '../model/route.ts';
import { briefTime } from '../model/text.ts';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';
import { Icon, type IconName } from './icon.tsx';
import { Menu } from './menu.tsx';
import { PresenceDot, usePresence } from './presence-dot.tsx';

type Panel = 'members' | 'pins';

interface ConversationHeadProps {
  readonly room: Room;
  readonly panel: Panel | undefined;
  readonly onPanel: (panel: Panel) => void;
}

/** What the open room is called, who is there, and what can be opened beside it. */
export function ConversationHead({ room, panel, onPanel }: ConversationHeadProps) {
  const { client, notices, names } = useChat();
  const title = titleOf(room, names);
  const markUnread = async () => {
    route.open(undefined);
    await notices.trying(client.markUnread(room.id, true));
  };
  return (
    <header class="conversation-head">
      <a class="icon-button back-button" href="#/" aria-label="Back to the conversations">
        <Icon name="back" />
      </a>
      <span class="avatar-frame">
        <Avatar name={title} id={room.peer?.id ?? room.id} group={room.kind !== 'direct'} />
        {room.peer !== undefined && <PresenceDot user={room.peer.id} />}
      </span>
      <div class="conversation-title">
        <h1>{title}</h1>
        <p>{room.peer === undefined ? subtitleOf(room) : <PeerLine user={room.peer.id} />}</p>
      </div>
      <PanelButton label="Pinned messages" icon="pin" open={panel === 'pins'} onClick={() => onPanel('pins')} />
      <PanelButton
        label="Details and members"
        icon="people"
        open={panel === 'members'}
        onClick={() => onPanel('members')}
      />
      <Menu
        label="Conversation"
        className="icon-button"
        items={[{ label: 'Mark as unread', icon: 'unread', run: () => void markUnread() }]}
      >
        <Icon name="more" />
      </Menu>
    </header>
  );
}

function subtitleOf(room: Room): string {
  if (room.topic !== '') return room.topic;
  return room.kind === 'channel' ? 'Channel' : 'Room';
}

function PeerLine({ user }: { readonly user: string }) {
  const { presences } = useChat();
  useObservable(presences);
  const presence = usePresence(user);
  if (presence?.state === 'online') return <>Online</>;
  if (presence?.state === 'away') return <>Away</>;
  const seen = presence?.lastSeen;
  return <>{seen === undefined ? 'Direct conversation' : `Last seen ${briefTime(seen, Date.now())}`}</>;
}

interface PanelButtonProps {
  readonly label: string;
  readonly icon: IconName;
  readonly open: boolean;
  readonly onClick: () => void;
}

function PanelButton({ label, icon, open, onClick }: PanelButtonProps) {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} aria-expanded={open} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
