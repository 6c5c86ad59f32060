import type { Changed, Message } from '../../src/client/wire.ts';
import { encodeBody } from '../../src/protocol/frames/body.ts';

const recalledBody = encodeBody({ type: 'system', event: 'recalled' });
const hiddenBody = encodeBody({ type: 'system', event: 'hidden' });

type Reactions = NonNullable<Message['reactions']>;

/** The message with the change in it; the same message where it has the change already, or where nobody is shown it. */
export function withChange(message: Message, changed: Changed, self: string): Message {
  const { change } = changed;
  if (change <= (message.change ?? 0) || message.hidden === true) return message;
  switch (changed.kind) {
    case 'edited': {
      const { mentions: _, ...rest } = message;
      const { body = message.body, at = message.at, mentions } = changed;
      return { ...rest, change, body, edited: at, ...(mentions === undefined ? {} : { mentions }) };
    }
    case 'recalled': {
      const { room, seq, from, at, nonce } = message;
      return { room, seq, from, at, nonce, body: recalledBody, change, recalled: true };
    }
    case 'reacted': {
      const { reactions: before = [], ...rest } = message;
      const reactions = changed.remove === true ? fewer(before, changed, self) : more(before, changed, self);
      return { ...rest, change, ...(reactions.length === 0 ? {} : { reactions }) };
    }
    case 'pinned': {
      const { pinned: _, ...rest } = message;
      return { ...rest, change, ...(changed.pinned === true ? { pinned: true } : {}) };
    }
    case 'restored':
    case 'withheld':
      return { ...message, change };
  }
}

/** What stands in the place of a message that the user does not want to see any more. */
export function hiddenMessage({ room, seq, from, at, nonce }: Message): Message {
  return { room, seq, from, at, nonce, body: hiddenBody, hidden: true };
}

function more(reactions: Reactions, { reaction = '', from }: Changed, self: string): Reactions {
  const mine = from === self ? { mine: true } : {};
  const known = reactions.some((each) => each.reaction === reaction);
  if (!known) return [...reactions, { reaction, count: 1, ...mine }];
  return reactions.map((each) => (each.reaction === reaction ? { ...each, count: each.count + 1, ...mine } : each));
}

function fewer(reactions: Reactions, { reaction = '', from }: Changed, self: string): Reactions {
  return reactions.flatMap((each) => {
    if (each.reaction !== reaction) return [each];
    if (each.count <= 1) return [];
    const { mine = false, ...rest } = each;
    return [{ ...rest, count: each.count - 1, ...(mine && from !== self ? { mine } : {}) }];
  });
}
