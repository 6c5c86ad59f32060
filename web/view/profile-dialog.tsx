import { useEffect, useRef, useState } from 'preact/hooks';
import type { User } from '../../src/client/wire.ts';
import { nameOf } from '../model/names.ts';
import { useObservable } from '../model/observable.ts';
import type { Upload } from '../model/uploads/upload.ts';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Field, Form } from './form.tsx';
import { TextArea } from './form-fields.tsx';

/** What others see of the user. */
export function ProfileDialog({ onClose }: { readonly onClose: () => void }) {
  const { names, self } = useChat();
  useObservable(names);
  const user = names.user(self.id);
  return (
    <Dialog title="Profile" onClose={onClose}>
      {user === undefined ? <p role="status">Loading…</p> : <ProfileForm user={user} onClose={onClose} />}
    </Dialog>
  );
}

function ProfileForm({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const { client, names } = useChat();
  const save = async (value: (name: string) => string) => {
    const displayName = value('displayName').trim();
    names.learn([await client.people.updateProfile({ displayName, about: value('about').trim() })]);
    onClose();
  };
  return (
    <>
      <ProfilePicture user={user} />
      <Form submit="Save" onSubmit={save}>
        <Field
          label="Display name"
          name="displayName"
          maxLength={64}
          required={false}
          defaultValue={user.displayName ?? ''}
          hint={`Shown instead of your username, ${user.username}.`}
        />
        <TextArea label="About you" name="about" maxLength={512} defaultValue={user.about ?? ''} />
      </Form>
    </>
  );
}

function ProfilePicture({ user }: { readonly user: User }) {
  const { client, names, uploads } = useChat();
  useObservable(uploads);
  const input = useRef<HTMLInputElement>(null);
  const [upload, setUpload] = useState<Upload>();
  const [problem, setProblem] = useState<string>();
  const setAvatar = async (avatar: string) => {
    try {
      names.learn([await client.people.updateProfile({ avatar })]);
      setProblem(undefined);
    } catch {
      setProblem('The picture could not be set. Please try again.');
    }
  };
  const file = upload?.state === 'done' ? upload.fileId : undefined;
  useEffect(() => {
    if (file === undefined) return;
    setUpload(undefined);
    void setAvatar(file);
  }, [file]);
  const choose = (files: FileList | null) => {
    const chosen = files?.[0];
    if (chosen === undefined) return;
    if (!chosen.type.startsWith('image/')) return setProblem('Please choose a picture.');
    setProblem(undefined);
    const before = new Set(uploads.all);
    uploads.add([chosen]);
    setUpload(uploads.all.find((other) => !before.has(other)));
  };
  const busy = upload !== undefined && upload.state !== 'failed';
  return (
    <div class="profile-picture">
      <Avatar name={nameOf(user)} id={user.id} />
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        aria-label="Picture"
        onChange={(event) => {
          choose(event.currentTarget.files);
          event.currentTarget.value = '';
        }}
      />
      <button type="button" class="button button-small" disabled={busy} onClick={() => input.current?.click()}>
        {busy ? 'Uploading…' : 'Choose a picture'}
      </button>
      {user.avatar !== undefined && (
        <button type="button" class="button button-small" disabled={busy} onClick={() => void setAvatar('')}>
          Remove
        </button>
      )}
      {(problem !== undefined || upload?.state === 'failed') && (
        <p class="person-problem" role="alert">
          {problem ?? 'The picture could not be uploaded.'}
        </p>
      )}
    </div>
  );
}
