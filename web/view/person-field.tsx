import { useEffect, useRef, useState } from 'preact/hooks';
import type { User } from '../../src/client/wire.ts';
import { nameOf } from '../model/names.ts';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';
import { Field } from './form.tsx';

const typingPauseMs = 250;

interface PersonFieldProps {
  readonly hint: string;
}

/** The username of another: whoever fits what is typed stands below, and a click on them sends the form with their name. */
export function PersonField({ hint }: PersonFieldProps) {
  const [query, setQuery] = useState('');
  const input = useRef<HTMLInputElement | undefined>(undefined);
  const found = useFound(query);
  const choose = (user: User) => {
    const field = input.current;
    if (field === undefined) return;
    field.value = user.username;
    field.form?.requestSubmit();
  };
  return (
    <>
      <Field
        label="Username"
        name="username"
        hint={hint}
        autocomplete="off"
        autofocus
        onInput={({ currentTarget }) => {
          input.current = currentTarget;
          setQuery(currentTarget.value.trim());
        }}
      />
      {found.length > 0 && (
        <ul class="people-list" aria-label="People found">
          {found.map((user) => (
            <li key={user.id}>
              <button type="button" class="row-button" onClick={() => choose(user)}>
                <Avatar name={nameOf(user)} id={user.id} size="small" />
                <span class="person-names">
                  {nameOf(user)}
                  {user.displayName !== undefined && <span class="person-note">{user.username}</span>}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function useFound(query: string): readonly User[] {
  const { client, names, self } = useChat();
  const [found, setFound] = useState<readonly User[]>([]);
  useEffect(() => {
    if (query === '') {
      setFound([]);
      return;
    }
    let isCurrent = true;
    const search = async () => {
      try {
        const { users } = await client.people.search(query);
        names.learn(users);
        if (isCurrent) setFound(users.filter(({ id }) => id !== self.id).slice(0, 6));
      } catch {
        // Who knows the whole name needs no suggestions.
        if (isCurrent) setFound([]);
      }
    };
    const timer = setTimeout(() => void search(), typingPauseMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [client, names, self, query]);
  return found;
}
