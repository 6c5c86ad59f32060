import type { Room } from '../../src/client/directory.ts';
import { useObservable } from '../model/observable.ts';
import { useChat } from './context.ts';
import { Icon } from './icon.tsx';
import { useWork } from './work.ts';

/** The other user of a direct room, and what can be done about them. */
export function PeerDetails({ room }: { readonly room: Room }) {
  const { names, people } = useChat();
  useObservable(people);
  useObservable(names);
  const { busy, problem, run } = useWork();
  const peer = room.peer === undefined ? undefined : (names.user(room.peer.id) ?? room.peer);
  if (peer === undefined) return null;
  const standing = people.standing(peer.id);
  const blocked = people.isBlocked(peer.id);
  return (
    <>
      {peer.displayName !== undefined && <p class="panel-topic">Username: {peer.username}</p>}
      {peer.about !== undefined && <p class="panel-topic">{peer.about}</p>}
      <div class="panel-actions">
        {standing === undefined && !blocked && (
          <button
            type="button"
            class="row-button"
            disabled={busy}
            onClick={() => void run(() => people.request(peer.id))}
          >
            <Icon name="invite" />
            Add to contacts
          </button>
        )}
        {standing === 'incoming' && (
          <button
            type="button"
            class="row-button"
            disabled={busy}
            onClick={() => void run(() => people.accept(peer.id))}
          >
            <Icon name="check" />
            Accept contact request
          </button>
        )}
        {standing === 'outgoing' && <p class="panel-note">You have asked them to be your contact.</p>}
        <button
          type="button"
          class="row-button danger"
          disabled={busy}
          onClick={() => void run(() => (blocked ? people.unblock(peer.id) : people.block(peer)))}
        >
          <Icon name="block" />
          {blocked ? 'Unblock' : 'Block'}
        </button>
        {problem !== undefined && (
          <p class="person-problem" role="alert">
            {problem}
          </p>
        )}
      </div>
    </>
  );
}
