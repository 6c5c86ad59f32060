import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { asMailroomError } from '../../src/client/errors.ts';
import { explain } from '../model/text.ts';
import { Icon } from './icon.tsx';

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly type?: 'text' | 'password';
  readonly hint?: string;
  readonly autocomplete?: string;
  readonly required?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly placeholder?: string;
  readonly autofocus?: boolean;
  /** What stands in it at first. */
  readonly defaultValue?: string;
  readonly onInput?: (event: { readonly currentTarget: HTMLInputElement }) => void;
}

/** A labelled line to fill in. */
export function Field({ label, hint, type = 'text', autofocus = false, required = true, ...rest }: FieldProps) {
  const id = useId();
  const input = {
    ...rest,
    id,
    required,
    ref: autofocus ? focusOnce : keepFocus,
    spellcheck: false,
    autocapitalize: 'none',
    ...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` }),
  } as const;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === 'password' ? <input {...input} type="password" /> : <input {...input} type="text" />}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

// A dialog moves the focus itself when it opens, so this waits until it has.
function focusOnce(input: HTMLInputElement | null): void {
  if (input !== null) requestAnimationFrame(() => input.focus());
}

function keepFocus(): void {
  // The field is not the one to begin with.
}

interface FormProps {
  readonly submit: string;
  /** Does the work; what it throws is explained above the button. */
  readonly onSubmit: (values: (name: string) => string) => Promise<void>;
  /** Sentences for error codes, where they can say more than the general ones. */
  readonly words?: Readonly<Record<string, string>>;
  readonly danger?: boolean;
  readonly children?: ComponentChildren;
}

/** A form that can be sent once at a time and says what went wrong. */
export function Form({ submit, onSubmit, words = {}, danger = false, children }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    const data = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit((name) => String(data.get(name) ?? ''));
    } catch (reason) {
      setError(reason instanceof FormError ? reason.message : explain(asMailroomError(reason), words));
    }
    setBusy(false);
  };
  return (
    <form class="form" onSubmit={(event) => void send(event)}>
      {children}
      {/* The alert region is always there: readers do not announce one that comes with its words. */}
      <div role="alert">
        {error !== undefined && (
          <p class="form-error">
            <Icon name="alert" />
            <span>{error}</span>
          </p>
        )}
      </div>
      <button
        type="submit"
        class={`button ${danger ? 'button-danger' : 'button-primary'}`}
        aria-busy={busy}
        disabled={busy}
      >
        {submit}
      </button>
    </form>
  );
}

/** Something the user can mend, in words for them. */
export class FormError extends Error {
  override readonly name = 'FormError';
}
