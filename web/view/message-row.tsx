import { fileOfBody } from '../../src/client/file-body.ts';
import type { Post } from '../../src/client/outbox.ts';
import { textOfBody } from '../../src/client/text.ts';
import type { Message } from '../../src/client/wire.ts';
import type { MessageRowModel } from '../model/rows.ts';
import { explain, momentOf, shownText, timeOf } from '../model/text.ts';
import type { FailedPost, Timeline } from '../model/timeline.ts';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';
import { FileBubble } from './file-bubble.tsx';
import { Icon } from './icon.tsx';
import { MessageQuote } from './message-quote.tsx';
import { MessageReactions } from './message-reactions.tsx';
import { MessageText } from './message-text.tsx';
import { useMessageTools } from './message-tools.tsx';
import { ReadBy } from './read-by.tsx';

interface MessageRowProps {
  readonly row: MessageRowModel;
  readonly own: boolean;
  readonly showName: boolean;
  /** Whether it is the user's newest message: under it stands who has read it. */
  readonly lastOwn: boolean;
}

/** One message. Those of one sender in a row share one name and one time. */
export function MessageRow({ row: { message, first, last }, own, showName, lastOwn }: MessageRowProps) {
  const { names, self } = useChat();
  const { press, tools } = useMessageTools(message);
  const name = names.of(message.from);
  const speaks = !own && (message.mentionAll === true || message.mentions?.includes(self.id) === true);
  const classes = [
    'message',
    own ? 'message-own' : '',
    first ? 'message-first' : '',
    last ? 'message-last' : '',
    speaks ? 'message-speaks' : '',
  ];
  return (
    <li class={classes.join(' ')} data-seq={message.seq}>
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
        <div class="message-line" {...press}>
          <Bubble message={message} />
          {tools}
        </div>
        <MessageReactions message={message} />
        {(last || lastOwn || message.edited !== undefined || message.pinned === true) && (
          <span class="message-time">
            {message.pinned === true && (
              <span class="message-mark">
                <Icon name="pin" /> Pinned
              </span>
            )}
            {message.edited !== undefined && <span title={momentOf(message.edited)}>Edited</span>}
            <time dateTime={new Date(message.at).toISOString()}>{timeOf(message.at)}</time>
            {lastOwn && message.recalled !== true && <ReadBy seq={message.seq} />}
          </span>
        )}
      </div>
    </li>
  );
}

function Bubble({ message }: { readonly message: Message }) {
  const file = fileOfBody(message.body);
  const shown = file !== undefined || textOfBody(message.body) !== undefined;
  const classes = `bubble ${shown ? '' : 'bubble-odd'} ${file === undefined ? '' : 'bubble-file'}`;
  return (
    <div class={classes} title={momentOf(message.at)}>
      {message.forwarded !== undefined && <Forwarded from={message.forwarded.from} />}
      {message.replyTo !== undefined && <MessageQuote seq={message.replyTo} />}
      {file === undefined ? (
        <MessageText text={shownText(message.body)} message={message} />
      ) : (
        <FileBubble file={file} />
      )}
    </div>
  );
}

function Forwarded({ from }: { readonly from: string }) {
  const { names } = useChat();
  return (
    <span class="forwarded">
      <Icon name="forward" /> Forwarded from {names.of(from) ?? '…'}
    </span>
  );
}

/** A post that the server has not confirmed yet. */
export function PendingRow({ post }: { readonly post: Post }) {
  return (
    <li class="message message-own message-first message-last message-pending">
      <div class="message-main">
        <div class="bubble">
          {post.options.replyTo !== undefined && <MessageQuote seq={post.options.replyTo} />}
          <MessageText text={shownText(post.body)} message={post.options} />
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
          <MessageText text={shownText(failed.post.body)} />
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
