import type { Message } from '../../src/client/wire.ts';
import { everybody, splitNames } from '../model/mentions.ts';
import { useChat } from './context.ts';

const address = /(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}])/g;

interface MessageTextProps {
  readonly text: string;
  /** Where it is there, the names of those who are spoken to stand out. */
  readonly message?: Pick<Message, 'mentions' | 'mentionAll'>;
}

/** Text as it was written, with web addresses to click on. */
export function MessageText({ text, message }: MessageTextProps) {
  // Splitting by a group puts the addresses at the odd places.
  return (
    <>
      {text.split(address).map((part, index) =>
        index % 2 === 1 ? (
          <a key={`${index}-${part}`} href={part} target="_blank" rel="noopener noreferrer">
            {part}
          </a>
        ) : (
          <Names key={`${index}-text`} text={part} message={message} />
        ),
      )}
    </>
  );
}

function Names({ text, message }: { readonly text: string; readonly message: MessageTextProps['message'] }) {
  const { self } = useChat();
  const all = message?.mentionAll === true;
  const some = (message?.mentions?.length ?? 0) > 0;
  if (!all && !some) return <>{text}</>;
  return (
    <>
      {splitNames(text).map((part, index) => {
        const isAll = part.name === everybody;
        if (part.name === undefined || !(isAll ? all : some)) return part.text;
        const mine = isAll || part.name.toLowerCase() === self.username.toLowerCase();
        return (
          <span key={`${index}-${part.text}`} class={mine ? 'mention mention-self' : 'mention'}>
            {part.text}
          </span>
        );
      })}
    </>
  );
}
