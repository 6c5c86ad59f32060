import type { ComponentChildren } from 'preact';
import { useObservable } from '../model/observable.ts';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';

interface PersonRowProps {
  readonly id: string;
  /** What stands in until the profile is known. */
  readonly username: string;
  readonly note?: string | undefined;
  readonly problem?: string | undefined;
  /** What can be done about them. */
  readonly children?: ComponentChildren;
}

/** Somebody in a list. */
export function PersonRow({ id, username, note, problem, children }: PersonRowProps) {
  const { names } = useChat();
  useObservable(names);
  const name = names.of(id) ?? username;
  return (
    <li class="person">
      <Avatar name={name} id={id} size="small" />
      <span class="person-names">
        {name}
        {note !== undefined && note !== '' && <span class="person-note">{note}</span>}
      </span>
      {children}
      {problem !== undefined && (
        <p class="person-problem" role="alert">
          {problem}
        </p>
      )}
    </li>
  );
}
