import { useCallback, useState } from 'preact/hooks';
import type { FileShare, StoredFile } from '../../src/client/files.ts';
import { titleOf } from '../model/chat.ts';
import { nameOf } from '../model/names.ts';
import { useObservable } from '../model/observable.ts';
import { momentOf } from '../model/text.ts';
import { useChat } from './context.ts';
import { CopyButton } from './copy-button.tsx';
import { Dialog } from './dialog.tsx';
import { Field, Form, FormError } from './form.tsx';
import { Choice } from './form-fields.tsx';
import { useLoaded, useWork } from './work.ts';

const DAY_MS = 24 * 3_600_000;
const WAYS = [
  ['user', 'Contact'],
  ['room', 'Room'],
  ['link', 'Link'],
] as const;
const LIVES = [
  [String(7 * DAY_MS), 'A week'],
  [String(DAY_MS), 'A day'],
  [String(30 * DAY_MS), '30 days'],
  ['0', 'Without an end'],
] as const;
const DOWNLOADS = [
  ['0', 'Any number'],
  ['1', 'One'],
  ['10', '10'],
  ['100', '100'],
] as const;

interface ShareDialogProps {
  readonly file: StoredFile;
  readonly onClose: () => void;
}

/** To whom a file is given: contacts, rooms, and whoever has a link. */
export function ShareDialog({ file, onClose }: ShareDialogProps) {
  const { files } = useChat();
  const [way, setWay] = useState<FileShare['kind']>('user');
  const load = useCallback(() => files.shares(file.id), [files, file.id]);
  const { value: shares, problem, reload } = useLoaded(load);
  return (
    <Dialog title={`Share ${file.name}`} onClose={onClose}>
      <fieldset class="segments">
        <legend class="sr-only">With whom</legend>
        {WAYS.map(([kind, label]) => (
          <label key={kind} class="segment">
            <input type="radio" name="way" checked={way === kind} onChange={() => setWay(kind)} />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      {way === 'user' && <WithContact file={file} shared={reload} />}
      {way === 'room' && <WithRoom file={file} shared={reload} />}
      {way === 'link' && <ByLink file={file} shared={reload} />}
      {problem !== undefined && <p role="alert">{problem}</p>}
      <ul class="people-list" aria-label="Shares">
        {shares?.map((share) => (
          <ShareRow key={share.id} share={share} end={() => files.endShare(file.id, share.id).then(reload)} />
        ))}
      </ul>
    </Dialog>
  );
}

interface WayProps {
  readonly file: StoredFile;
  readonly shared: () => Promise<void>;
}

function WithContact({ file, shared }: WayProps) {
  const { files, people } = useChat();
  useObservable(people);
  const contacts = people.contacts('accepted').map(({ user }) => [user.id, nameOf(user)] as const);
  const [first] = contacts;
  if (first === undefined) return <p class="hint">Files are shared with contacts, and you have none yet.</p>;
  const share = async (value: (name: string) => string) => {
    await files.shareWithUser(file.id, value('user'));
    await shared();
  };
  return (
    <Form submit="Share" onSubmit={share}>
      <Choice label="Contact" name="user" value={first[0]} options={contacts} />
    </Form>
  );
}

function WithRoom({ file, shared }: WayProps) {
  const { client, files, names } = useChat();
  const rooms = [...client.rooms.values()].map((room) => [room.id, titleOf(room, names)] as const);
  const [first] = rooms;
  if (first === undefined) return <p class="hint">You are in no room yet.</p>;
  const share = async (value: (name: string) => string) => {
    await files.shareWithRoom(file.id, value('room'));
    await shared();
  };
  return (
    <Form submit="Share" onSubmit={share}>
      <Choice label="Room" name="room" value={first[0]} options={rooms} hint="A message there tells of the file." />
    </Form>
  );
}

function ByLink({ file, shared }: WayProps) {
  const { files } = useChat();
  const [made, setMade] = useState<string>();
  const share = async (value: (name: string) => string) => {
    const life = Number(value('life'));
    const maxDownloads = Number(value('downloads'));
    const password = value('password');
    if (password.length > 1_024) throw new FormError('This password is too long.');
    const { url } = await files.shareByLink(file.id, {
      ...(life === 0 ? {} : { expiresAt: Date.now() + life }),
      ...(maxDownloads === 0 ? {} : { maxDownloads }),
      ...(password === '' ? {} : { password }),
    });
    setMade(url);
    await shared();
  };
  return (
    <>
      {made !== undefined && (
        <div class="made-link">
          <p role="status">Your new link, shown only now:</p>
          <code>{made}</code>
          <CopyButton key={made} text={made} label="Copy the new link" />
        </div>
      )}
      <Form submit="Make a link" onSubmit={share}>
        <Choice label="It lasts" name="life" value={String(7 * DAY_MS)} options={LIVES} />
        <Choice label="Downloads" name="downloads" value="0" options={DOWNLOADS} />
        <Field
          label="Password"
          name="password"
          type="password"
          autocomplete="new-password"
          required={false}
          hint="Left empty, the link alone opens the file."
        />
      </Form>
    </>
  );
}

function ShareRow({ share, end }: { readonly share: FileShare; readonly end: () => Promise<void> }) {
  const { client, names } = useChat();
  useObservable(names);
  const { busy, problem, run } = useWork();
  const room = share.room === undefined ? undefined : client.rooms.get(share.room);
  const title = {
    user: names.of(share.user ?? '') ?? 'A contact',
    room: room === undefined ? 'A room' : titleOf(room, names),
    link: share.hasPassword === true ? 'Link with a password' : 'Link',
  }[share.kind];
  return (
    <li class="person">
      <span class="person-names">
        {title}
        <span class="person-note">{factsOf(share)}</span>
      </span>
      <button type="button" class="button button-small" disabled={busy} onClick={() => void run(end)}>
        End
      </button>
      {problem !== undefined && (
        <p class="person-problem" role="alert">
          {problem}
        </p>
      )}
    </li>
  );
}

function factsOf({ kind, createdAt, downloads = 0, maxDownloads, expiresAt }: FileShare): string {
  if (kind !== 'link') return `Since ${momentOf(createdAt)}`;
  const used = maxDownloads === undefined ? `${downloads} downloads` : `${downloads} of ${maxDownloads} downloads`;
  return expiresAt === undefined ? used : `${used}, until ${momentOf(expiresAt)}`;
}
