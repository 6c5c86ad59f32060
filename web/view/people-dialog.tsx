import { useState } from 'preact/hooks';
import type { Contact, User } from '../../src/client/wire.ts';
import { nameOf } from '../model/names.ts';
import { useObservable } from '../model/observable.ts';
import { route } from '../model/route.ts';
import { explain } from '../model/text.ts';
import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Form, FormError } from './form.tsx';
import { Icon } from './icon.tsx';
import { Menu, type MenuItem } from './menu.tsx';
import { PersonField } from './person-field.tsx';
import { PersonRow } from './person-row.tsx';
import { useWork } from './work.ts';

interface PeopleDialogProps {
  readonly onClose: () => void;
}

const PARTS = [
  ['contacts', 'Contacts'],
  ['requests', 'Requests'],
  ['blocked', 'Blocked'],
] as const;
type Part = (typeof PARTS)[number][0];

/** The user's contacts, the requests both ways, and whom they have blocked. */
export function PeopleDialog({ onClose }: PeopleDialogProps) {
  const { people } = useChat();
  useObservable(people);
  const [part, setPart] = useState<Part>(people.contacts('incoming').length > 0 ? 'requests' : 'contacts');
  return (
    <Dialog title="People" onClose={onClose}>
      <fieldset class="segments">
        <legend class="sr-only">Which people</legend>
        {PARTS.map(([name, label]) => (
          <label key={name} class="segment">
            <input type="radio" name="people" checked={part === name} onChange={() => setPart(name)} />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      {people.error !== undefined && (
        <p class="notice" role="alert">
          {explain(people.error)}
        </p>
      )}
      {part === 'contacts' && <Contacts onClose={onClose} />}
      {part === 'requests' && <Requests />}
      {part === 'blocked' && <Blocked />}
    </Dialog>
  );
}

function Contacts({ onClose }: PeopleDialogProps) {
  const { people } = useChat();
  const contacts = people.contacts('accepted');
  if (contacts.length === 0) return <p class="hint">Nobody yet. Ask somebody under “Requests”.</p>;
  return (
    <ul class="people-list" aria-label="Contacts">
      {contacts.map((contact) => (
        <ContactRow key={contact.user.id} contact={contact} onClose={onClose} />
      ))}
    </ul>
  );
}

function ContactRow({ contact: { user }, onClose }: PeopleDialogProps & { readonly contact: Contact }) {
  const { client, people } = useChat();
  const { busy, problem, run } = useWork();
  const write = async () => {
    const room = await client.directRoom(user.id);
    onClose();
    route.open(room.id);
  };
  const items: MenuItem[] = [
    { label: 'Remove from contacts', icon: 'leave', run: () => void run(() => people.remove(user.id)) },
    { label: 'Block', icon: 'block', danger: true, run: () => void run(() => people.block(user)) },
  ];
  return (
    <PersonRow id={user.id} username={user.username} note={user.about} problem={problem}>
      <button type="button" class="button button-small" disabled={busy} onClick={() => void run(write)}>
        Write
      </button>
      <Menu label={`More about ${nameOf(user)}`} items={items} align="end">
        <Icon name="more" />
      </Menu>
    </PersonRow>
  );
}

const words = { not_found: 'Nobody here has this name.', forbidden: 'They do not take a request from you.' };

function Requests() {
  const { client, people, self } = useChat();
  // A new key empties the form once it was sent.
  const [sent, setSent] = useState<{ readonly count: number; readonly name: string }>({ count: 0, name: '' });
  const ask = async (value: (name: string) => string) => {
    const user = await client.findUser(value('username').trim());
    if (user.id === self.id) throw new FormError('That is you. Whom would you like to ask?');
    await people.request(user.id);
    setSent(({ count }) => ({ count: count + 1, name: nameOf(user) }));
  };
  return (
    <>
      <Form key={sent.count} submit="Ask to be contacts" words={words} onSubmit={ask}>
        <PersonField hint="They see that you ask, and may accept." />
      </Form>
      <p role="status" class="hint">
        {sent.count > 0 && `You have asked ${sent.name}.`}
      </p>
      <ul class="people-list" aria-label="Requests">
        {people.contacts('incoming').map((contact) => (
          <IncomingRow key={contact.user.id} contact={contact} />
        ))}
        {people.contacts('outgoing').map((contact) => (
          <OutgoingRow key={contact.user.id} contact={contact} />
        ))}
      </ul>
    </>
  );
}

function IncomingRow({ contact: { user, note } }: { readonly contact: Contact }) {
  const { people } = useChat();
  const { busy, problem, run } = useWork();
  return (
    <PersonRow id={user.id} username={user.username} note={note ?? 'Asks you'} problem={problem}>
      <button
        type="button"
        class="button button-small"
        disabled={busy}
        onClick={() => void run(() => people.decline(user.id))}
      >
        Decline
      </button>
      <button
        type="button"
        class="button button-small button-primary"
        disabled={busy}
        onClick={() => void run(() => people.accept(user.id))}
      >
        Accept
      </button>
    </PersonRow>
  );
}

function OutgoingRow({ contact: { user } }: { readonly contact: Contact }) {
  const { people } = useChat();
  const { busy, problem, run } = useWork();
  return (
    <PersonRow id={user.id} username={user.username} note="You have asked" problem={problem}>
      <button
        type="button"
        class="button button-small"
        disabled={busy}
        onClick={() => void run(() => people.withdraw(user.id))}
      >
        Withdraw
      </button>
    </PersonRow>
  );
}

function Blocked() {
  const { people } = useChat();
  const { blocked } = people;
  if (blocked.length === 0) return <p class="hint">You have blocked nobody.</p>;
  return (
    <ul class="people-list" aria-label="Blocked people">
      {blocked.map((user) => (
        <BlockedRow key={user.id} user={user} />
      ))}
    </ul>
  );
}

function BlockedRow({ user }: { readonly user: User }) {
  const { people } = useChat();
  const { busy, problem, run } = useWork();
  return (
    <PersonRow id={user.id} username={user.username} problem={problem}>
      <button
        type="button"
        class="button button-small"
        disabled={busy}
        onClick={() => void run(() => people.unblock(user.id))}
      >
        Unblock
      </button>
    </PersonRow>
  );
}
