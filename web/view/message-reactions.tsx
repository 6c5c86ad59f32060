import type { Message } from '../../src/client/wire.ts';
import { useChat } from './context.ts';

/** Reactions with their numbers; a click says the same, or takes it back. */
export function MessageReactions({ message }: { readonly message: Message }) {
  const chat = useChat();
  const { reactions } = message;
  if (reactions === undefined) return null;
  const toggle = (reaction: string, mine: boolean) =>
    chat.notices.trying(chat.client.react(message.room, message.seq, reaction, mine), reactionWords);
  return (
    <ul class="reactions" aria-label="Reactions">
      {reactions.map(({ reaction, count, mine = false }) => (
        <li key={reaction}>
          <button
            type="button"
            class="reaction"
            aria-pressed={mine}
            aria-label={`${reaction} ${count}`}
            onClick={() => void toggle(reaction, mine)}
          >
            <span>{reaction}</span>
            <span class="reaction-count">{count}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A conflict means that it is so already, or that there are too many. */
export const reactionWords = { conflict: 'This message takes no more of that.' };
