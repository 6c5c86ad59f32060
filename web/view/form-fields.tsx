import { useId } from 'preact/hooks';

interface TextAreaProps {
  readonly label: string;
  readonly name: string;
  readonly defaultValue?: string;
  readonly maxLength: number;
  readonly placeholder?: string;
}

/** A labelled box for some lines, which may stay empty. */
export function TextArea({ label, ...rest }: TextAreaProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea id={id} rows={3} {...rest} />
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly hint?: string;
}

/** One out of a few. */
export function Choice({ label, name, value, options, hint }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} name={name} aria-describedby={hint === undefined ? undefined : `${id}-hint`}>
        {options.map(([option, words]) => (
          <option key={option} value={option} selected={option === value}>
            {words}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface ToggleProps {
  readonly label: string;
  readonly name: string;
  readonly checked: boolean;
  readonly hint?: string;
}

/** Yes or no. The form has `on` for yes and nothing for no. */
export function Toggle({ label, name, checked, hint }: ToggleProps) {
  const id = useId();
  return (
    <label class="toggle" for={id}>
      <input
        id={id}
        type="checkbox"
        name={name}
        defaultChecked={checked}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      />
      <span>
        {label}
        {hint !== undefined && (
          <span class="hint" id={`${id}-hint`}>
            {hint}
          </span>
        )}
      </span>
    </label>
  );
}
