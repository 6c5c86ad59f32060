import { fileOfBody } from '../../src/client/file-body.ts';
import type { Post } from '../../src/client/outbox.ts';
import { textOfBody } from '../../src/client/text.ts';
import type { MessageRowModel } from '../model/rows.ts';
import { explain, momentOf, shownText, timeOf } from '../model/text.ts';
import type { FailedPost, Timeline } from '../model/timeline.ts';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';
import { FileBubble } from './file-bubble.tsx';
import { Icon } from './icon.tsx';

interface MessageRowProps {
  readonly row: MessageRowModel;
  readonly own: boolean;
  readonly showName: boolean;
}

/** One message. Those of one sender in a row share one name and one time. */
export function MessageRow({ row: { message, first, last }, own, showName }: MessageRowProps) {
  const { names } = useChat();
  const name = names.of(message.from);
  const classes = `message ${own ? 'message-own' : ''} ${first ? 'message-first' : ''} ${last ? 'message-last' : ''}`;
  const file = fileOfBody(message.body);
  const shown = file !== undefined || textOfBody(message.body) !== undefined;
  return (
    <li class={classes} data-seq={message.seq}>
      {!own && (
        <span class="message-avatar">{last && <Avatar name={name ?? '…'} id={message.from} size="small" />}</span>
      )}
      <div class="message-main">
        {first &&
          (own || !showName ? (
            <span class="sr-only">{own ? 'You' : name}</span>
          ) : (
            <span class="message-name">{name ?? '…'}</span>
          ))}
        <div
          class={`bubble ${shown ? '' : 'bubble-odd'} ${file === undefined ? '' : 'bubble-file'}`}
          title={momentOf(message.at)}
        >
          {file === undefined ? <Text text={shownText(message.body)} /> : <FileBubble file={file} />}
        </div>
        {last && (
          <time class="message-time" dateTime={new Date(message.at).toISOString()}>
            {timeOf(message.at)}
          </time>
        )}
      </div>
    </li>
  );
}

/** A post that the server has not confirmed yet. */
export function PendingRow({ post }: { readonly post: Post }) {
  return (
    <li class="message message-own message-first message-last message-pending">
      <div class="message-main">
        <div class="bubble">
          <Text text={shownText(post.body)} />
        </div>
        <span class="message-time">
          <Icon name="clock" /> Sending
        </span>
      </div>
    </li>
  );
}

/** A post that the server refused. */
export function FailedRow({ failed, timeline }: { readonly failed: FailedPost; readonly timeline: Timeline }) {
  return (
    <li class="message message-own message-first message-last message-failed">
      <div class="message-main">
        <div class="bubble">
          <Text text={shownText(failed.post.body)} />
        </div>
        <span class="message-time" role="alert">
          <Icon name="alert" /> Not sent. {explain(failed.error)}
          <button type="button" class="link-button" onClick={() => timeline.dismiss(failed, true)}>
            Try again
          </button>
          <button type="button" class="link-button" onClick={() => timeline.dismiss(failed, false)}>
            Discard
          </button>
        </span>
      </div>
    </li>
  );
}

const address = /(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}])/g;

/** Text as it was written, with web addresses to click on. */
function Text({ text }: { readonly text: string }) {
  // Splitting by a group puts the addresses at the odd places.
  return (
    <>
      {text.split(address).map((part, index) =>
        index % 2 === 1 ? (
          <a key={`${index}-${part}`} href={part} target="_blank" rel="noopener noreferrer">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </>
  );
}
