import { useObservable } from '../model/observable.ts';
import { shownText } from '../model/text.ts';
import { useChat } from './context.ts';
import { useTalk } from './talk.ts';

/** What a message answers; a click shows it in its place. */
export function MessageQuote({ seq }: { readonly seq: number }) {
  const chat = useChat();
  const { room } = useTalk();
  const timeline = chat.timeline(room.id);
  useObservable(chat.quotes);
  const message = timeline.find(seq) ?? chat.quotes.of(room.id, seq);
  const name =
    message === undefined ? '…' : message.from === chat.self.id ? 'You' : (chat.names.of(message.from) ?? '…');
  return (
    <button
      type="button"
      class="quote"
      aria-label={`Answer to ${name}: show the message`}
      onClick={() => void timeline.show(seq)}
    >
      <span class="quote-name">{name}</span>
      <span class="quote-text">{message === undefined ? '…' : shownText(message.body)}</span>
    </button>
  );
}
