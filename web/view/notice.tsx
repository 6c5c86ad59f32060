import { useObservable } from '../model/observable.ts';
import { useChat } from './context.ts';
import { Icon } from './icon.tsx';

/** What became of the last thing that the user did, where it does not show by itself. */
export function Notice() {
  const { notices } = useChat();
  useObservable(notices);
  if (notices.text === undefined) return null;
  return (
    <p class="notice" role="status">
      <span>{notices.text}</span>
      <button type="button" class="icon-button" aria-label="Close the notice" onClick={() => notices.clear()}>
        <Icon name="close" />
      </button>
    </p>
  );
}
