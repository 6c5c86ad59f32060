import { useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

/** Puts a text on the clipboard, and says whether it is there. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [said, setSaid] = useState(label);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Link copied');
    } catch {
      // Without a secure context or the user's leave there is no clipboard: then the link itself is there to select.
      setSaid(text);
    }
  };
  return (
    <button type="button" class="row-button copy-button" onClick={() => void copy()}>
      <Icon name="link" />
      <span aria-live="polite">{said}</span>
    </button>
  );
}
