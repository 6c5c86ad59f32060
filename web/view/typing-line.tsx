import { useObservable } from '../model/observable.ts';
import { useChat } from './context.ts';

/** Who is writing at the moment. It keeps its place when nobody is, so that nothing moves. */
export function TypingLine({ room }: { readonly room: string }) {
  const { typists, names } = useChat();
  useObservable(typists);
  const who = typists.in(room).map((user) => names.of(user) ?? 'Somebody');
  return (
    <p class="typing" role="status">
      {who.length > 0 && (
        <>
          <span class="typing-dots" aria-hidden="true">
            <span />
            <span />
            <span />
          </span>
          {sentenceOf(who)}
        </>
      )}
    </p>
  );
}

function sentenceOf(who: readonly string[]): string {
  if (who.length === 1) return `${who[0]} is writing…`;
  if (who.length === 2) return `${who[0]} and ${who[1]} are writing…`;
  return `${who.length} people are writing…`;
}
