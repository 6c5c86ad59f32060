import { useCallback, useEffect } from 'preact/hooks';
import type { Room } from '../../src/client/directory.ts';
import type { RoomsRequestsResult } from '../../src/client/wire.ts';
import { useChat } from './context.ts';
import { PersonRow } from './person-row.tsx';
import { useLoaded, useWork } from './work.ts';

/** Who asks to join, for owner and admins: the first page, and the next once those are answered. */
export function RoomRequests({ room }: { readonly room: Room }) {
  const { client } = useChat();
  const load = useCallback(() => client.governing.requests(room.id), [client, room.id]);
  const { value, problem, reload } = useLoaded(load);
  useEffect(
    () =>
      client.on('room', (change) => {
        if (change.room === room.id && ASKING.has(change.event)) void reload();
      }),
    [client, room.id, reload],
  );
  if (problem !== undefined) return <p class="panel-note">{problem}</p>;
  if (value === undefined || value.requests.length === 0) return null;
  return (
    <section aria-label="Requests to join">
      <h3 class="panel-title">Want to join · {value.cursor === undefined ? value.requests.length : 'many'}</h3>
      <ul class="members">
        {value.requests.map((request) => (
          <RequestRow key={request.user} room={room.id} request={request} answered={reload} />
        ))}
      </ul>
    </section>
  );
}

interface RequestRowProps {
  readonly room: string;
  readonly request: RoomsRequestsResult['requests'][number];
  readonly answered: () => Promise<void>;
}

function RequestRow({ room, request: { user, username }, answered }: RequestRowProps) {
  const { governing } = useChat().client;
  const { busy, problem, run } = useWork();
  return (
    <PersonRow id={user} username={username} problem={problem}>
      <button
        type="button"
        class="button button-small"
        disabled={busy}
        onClick={() => void run(() => governing.decline(room, user).then(answered))}
      >
        Decline
      </button>
      <button
        type="button"
        class="button button-small button-primary"
        disabled={busy}
        onClick={() => void run(() => governing.approve(room, user).then(answered))}
      >
        Let in
      </button>
    </PersonRow>
  );
}

const ASKING: ReadonlySet<string> = new Set(['requested', 'joined', 'declined']);
