import { useState } from 'preact/hooks';
import { useObservable } from '../model/observable.ts';
import type { Session } from '../model/session.ts';
import { Field, Form, FormError } from './form.tsx';
import { Logo } from './icon.tsx';

const logInWords = {
  unauthenticated: 'Name and password do not match.',
  not_found: 'Name and password do not match.',
  forbidden: 'Name and password do not match.',
};
const registerWords = {
  conflict: 'This name is taken. Please choose another.',
  invalid: 'A name has up to 64 letters, digits, dots, dashes and underscores, and a password at least 8 characters.',
};

/** Logging in, and making an account. */
export function AuthScreen({ session }: { readonly session: Session }) {
  useObservable(session);
  const [registering, setRegistering] = useState(false);
  return (
    <main class="auth">
      <div class="auth-card">
        <header class="auth-head">
          <Logo />
          <h1>{registering ? 'Create your account' : 'Welcome to Mailroom'}</h1>
          <p>{registering ? 'A name and a password are all it takes.' : 'Log in to go on with your conversations.'}</p>
        </header>
        {session.notice !== undefined && (
          <p class="notice" role="status">
            {session.notice}
          </p>
        )}
        {registering ? <RegisterForm key="register" session={session} /> : <LogInForm key="login" session={session} />}
        <p class="auth-switch">
          {registering ? 'Already have an account?' : 'New here?'}{' '}
          <button type="button" class="link-button" onClick={() => setRegistering(!registering)}>
            {registering ? 'Log in' : 'Create an account'}
          </button>
        </p>
      </div>
    </main>
  );
}

function LogInForm({ session }: { readonly session: Session }) {
  return (
    <Form
      submit="Log in"
      words={logInWords}
      onSubmit={(value) => session.logIn(value('username').trim(), value('password'))}
    >
      <Field label="Username" name="username" autocomplete="username" autofocus />
      <Field label="Password" name="password" type="password" autocomplete="current-password" />
    </Form>
  );
}

function RegisterForm({ session }: { readonly session: Session }) {
  const register = async (value: (name: string) => string) => {
    if (value('password') !== value('again')) throw new FormError('The two passwords are not the same.');
    await session.register(value('username').trim(), value('password'));
  };
  return (
    <Form submit="Create account" words={registerWords} onSubmit={register}>
      <Field label="Username" name="username" autocomplete="username" hint="This is how others find you." autofocus />
      <Field
        label="Password"
        name="password"
        type="password"
        autocomplete="new-password"
        hint="At least 8 characters; the longer, the better."
        minLength={8}
      />
      <Field label="Password again" name="again" type="password" autocomplete="new-password" />
    </Form>
  );
}
