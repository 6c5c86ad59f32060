import type { Room } from '../../src/client/directory.ts';
import { Icon } from './icon.tsx';
import { MemberList } from './member-list.tsx';
import { PeerDetails } from './peer-details.tsx';
import { RoomActions } from './room-actions.tsx';
import { RoomRequests } from './room-requests.tsx';

export interface PanelProps {
  readonly room: Room;
  readonly onClose: () => void;
}

/** Who is in the room, and what can be done with it. */
export function MemberPanel({ room, onClose }: PanelProps) {
  return (
    <aside class="panel" aria-label="Details and members">
      <header class="panel-head">
        <h2>Details</h2>
        <button type="button" class="icon-button" aria-label="Close details" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {room.kind === 'direct' ? (
        <PeerDetails room={room} />
      ) : (
        <>
          {room.topic !== '' && <p class="panel-topic">{room.topic}</p>}
          <RoomActions room={room} />
          {room.role !== 'member' && <RoomRequests key={`requests-${room.id}`} room={room} />}
        </>
      )}
      <MemberList key={room.id} room={room} />
    </aside>
  );
}
