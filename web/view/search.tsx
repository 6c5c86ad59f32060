import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { titleOf } from '../model/chat.ts';
import { useObservable } from '../model/observable.ts';
import { route } from '../model/route.ts';
import { type SearchHit, Search as SearchModel } from '../model/search.ts';
import { briefTime, explain } from '../model/text.ts';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';
import { Icon } from './icon.tsx';
import { RoomItem } from './room-list.tsx';

/** The server bounds a query. */
const maxLength = 256;
const words = {
  unsupported: 'This server does not search messages.',
  invalid: 'Please write a word to look for.',
};

/** The box above the rooms: while something stands in it, what was found stands in their place. */
export function Search({ children }: { readonly children: ComponentChildren }) {
  const { client } = useChat();
  const search = useMemo(() => new SearchModel(client), [client]);
  useObservable(search);
  return (
    <>
      <search class="search">
        <Icon name="search" />
        <input
          type="search"
          aria-label="Search"
          placeholder="Search"
          maxLength={maxLength}
          value={search.query}
          onInput={(event) => search.look(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') search.look('');
          }}
        />
        {search.query !== '' && (
          <button type="button" class="icon-button" aria-label="Clear the search" onClick={() => search.look('')}>
            <Icon name="close" />
          </button>
        )}
      </search>
      {search.query.trim() === '' ? children : <Found search={search} />}
    </>
  );
}

function Found({ search }: { readonly search: SearchModel }) {
  const chat = useChat();
  useObservable(route);
  const wanted = search.query.trim().toLowerCase();
  const rooms = chat.conversations().filter(({ title }) => title.toLowerCase().includes(wanted));
  return (
    <section class="rooms" aria-label="Search results" aria-busy={!search.done}>
      {rooms.length > 0 && (
        <>
          <h2 class="found-title">Conversations</h2>
          <ul>
            {rooms.map((conversation) => (
              <RoomItem
                key={conversation.room.id}
                conversation={conversation}
                open={route.room === conversation.room.id}
              />
            ))}
          </ul>
        </>
      )}
      <h2 class="found-title">Messages</h2>
      {search.error !== undefined && <p class="panel-note">{explain(search.error, words)}</p>}
      <ul>
        {search.hits.map((hit) => (
          <Hit key={`${hit.room}-${hit.seq}`} hit={hit} />
        ))}
      </ul>
      <p class="panel-note" role="status">
        {!search.done ? 'Searching…' : search.error === undefined && search.hits.length === 0 && 'Nothing was found.'}
      </p>
      {search.done && search.more && (
        <button type="button" class="button found-more" onClick={() => void search.next()}>
          Show more
        </button>
      )}
    </section>
  );
}

function Hit({ hit }: { readonly hit: SearchHit }) {
  const chat = useChat();
  useObservable(chat.names);
  const room = chat.client.rooms.get(hit.room);
  const title = room === undefined ? '…' : titleOf(room, chat.names);
  const who = hit.from === chat.self.id ? 'You' : (chat.names.of(hit.from) ?? '…');
  return (
    <li>
      <a class="room" href={`#/room/${hit.room}/${hit.seq}`}>
        <Avatar name={title} id={room?.peer?.id ?? hit.room} group={room?.kind !== 'direct'} />
        <span class="room-text">
          <span class="room-line">
            <span class="room-title">{title}</span>
            <time class="room-time">{briefTime(hit.at, Date.now())}</time>
          </span>
          <span class="found-snippet">
            {who}: {hit.snippet ?? ''}
          </span>
        </span>
      </a>
    </li>
  );
}
