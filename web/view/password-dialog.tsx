import { useState } from 'preact/hooks';
import type { Session } from '../model/session.ts';
import { Dialog } from './dialog.tsx';
import { Field, Form, FormError } from './form.tsx';

interface PasswordDialogProps {
  readonly session: Session;
  readonly onClose: () => void;
}

const words = {
  unauthenticated: 'The current password is not right.',
  forbidden: 'The current password is not right.',
};

/** Changing the password, which logs all other devices out. */
export function PasswordDialog({ session, onClose }: PasswordDialogProps) {
  const [done, setDone] = useState(false);
  const change = async (value: (name: string) => string) => {
    if (value('new') !== value('again')) throw new FormError('The two new passwords are not the same.');
    await session.changePassword(value('old'), value('new'));
    setDone(true);
  };
  return (
    <Dialog title="Change password" onClose={onClose}>
      {done ? (
        <div class="form">
          <p role="status">Your password is changed. All other devices have been logged out.</p>
          <button type="button" class="button button-primary" onClick={onClose}>
            Done
          </button>
        </div>
      ) : (
        <Form submit="Change password" words={words} onSubmit={change}>
          <Field label="Current password" name="old" type="password" autocomplete="current-password" autofocus />
          <Field label="New password" name="new" type="password" autocomplete="new-password" minLength={8} />
          <Field label="New password again" name="again" type="password" autocomplete="new-password" />
        </Form>
      )}
    </Dialog>
  );
}
