import { useState } from 'preact/hooks';
import type { Session } from '../model/session.ts';
import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Field, Form } from './form.tsx';
import { useWork } from './work.ts';

interface AccountDialogProps {
  readonly session: Session;
  readonly onClose: () => void;
}

const words = { unauthenticated: 'The password is not right.' };
const exportWords = { rate_limited: 'You have fetched your data a moment ago. Please try again in an hour.' };

/** The user's own data as a file, and the end of the account. */
export function AccountDialog({ session, onClose }: AccountDialogProps) {
  const [deleting, setDeleting] = useState(false);
  const { busy, problem, run } = useWork(exportWords);
  return (
    <Dialog title={deleting ? 'Delete the account?' : 'Data and account'} onClose={onClose}>
      {deleting ? (
        <DeleteForm session={session} />
      ) : (
        <>
          <p>Your profile, devices, rooms and all messages that you have written, as one packed file of JSON lines.</p>
          <div class="dialog-actions">
            <button
              type="button"
              class="button button-primary"
              disabled={busy}
              onClick={() => void run(() => session.exportData())}
            >
              {busy ? 'Collecting…' : 'Download my data'}
            </button>
            <button type="button" class="button button-danger" onClick={() => setDeleting(true)}>
              Delete my account
            </button>
          </div>
          {problem !== undefined && (
            <p class="person-problem" role="alert">
              {problem}
            </p>
          )}
        </>
      )}
    </Dialog>
  );
}

function DeleteForm({ session }: { readonly session: Session }) {
  const chat = useChat();
  const remove = async (value: (name: string) => string) => {
    await session.deleteAccount(value('password'));
    chat.client.discardPosts();
  };
  return (
    <Form submit="Delete for good" danger words={words} onSubmit={remove}>
      <p>
        Your rooms, contacts, devices and profile go, and cannot be brought back. What you wrote stays, without your
        name.
      </p>
      <Field label="Your password" name="password" type="password" autocomplete="current-password" autofocus />
    </Form>
  );
}
