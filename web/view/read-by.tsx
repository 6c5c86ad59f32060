import { useEffect, useState } from 'preact/hooks';
import type { ResultOf } from '../../src/client/wire.ts';
import { useChat } from './context.ts';
import { useTalk } from './talk.ts';

/** More names than these are a number. */
const maxNames = 3;

/** Who has read the user's newest message: their names in a small room, how many in a large one. */
export function ReadBy({ seq }: { readonly seq: number }) {
  const { room } = useTalk();
  const readers = useReaders(room.id, seq);
  if (readers === undefined || readers.count === 0) return null;
  const all = readers.readers?.map(({ username }) => username) ?? [];
  const few = all.length > 0 && all.length <= maxNames && all.length === readers.count;
  const words =
    room.kind === 'direct' ? 'Read' : `Read by ${few ? all.join(', ') : readers.count === 1 ? 'one' : readers.count}`;
  return (
    <span class="message-mark read-by" title={all.join(', ')}>
      <span aria-hidden="true">·</span> {words}
    </span>
  );
}

function useReaders(room: string, seq: number) {
  const { client } = useChat();
  const [readers, setReaders] = useState<ResultOf<'messages.readers'>>();
  useEffect(() => {
    let ended = false;
    let asking = false;
    let again = false;
    const ask = async () => {
      again = asking;
      if (asking) return;
      asking = true;
      try {
        const answer = await client.readers(room, seq);
        if (!ended) setReaders(answer);
      } catch {
        // Receipts are a courtesy: the next read position, or the next connection, asks again.
      }
      asking = false;
      if (again && !ended) void ask();
    };
    setReaders(undefined);
    void ask();
    const offs = [
      client.on('read', (read) => {
        if (read.room === room && read.seq >= seq && read.user !== client.user?.id) void ask();
      }),
      client.on('state', (state) => {
        if (state.kind === 'ready') void ask();
      }),
    ];
    return () => {
      ended = true;
      for (const off of offs) off();
    };
  }, [client, room, seq]);
  return readers;
}
