/** What its changes have made of a message: how a change adds to it, how it is kept, and how a reader sees it. */
import { encodeBody } from '../../protocol/frames/body.ts';
import { decodeMessage, encodeMessage } from '../../protocol/frames/message.ts';
import { encode } from '../../protocol/frames/rpc.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { MsgpackReader } from '../../protocol/msgpack/reader.ts';
import type { Message } from '../../protocol/types.ts';
import type { Change } from './messages.ts';

export interface MessageState {
  /** As it was posted: nothing else remembers that of a message that was recalled. */
  readonly from: string;
  readonly at: number;
  readonly nonce: string;
  readonly edited?: { readonly at: number; readonly body: Uint8Array; readonly mentions?: readonly string[] };
  readonly recalled?: boolean;
  /** Each with those who say it, both in the order of saying. */
  readonly reactions?: readonly (readonly [reaction: string, users: readonly string[]])[];
  readonly pinned?: { readonly at: number; readonly by: string };
}

/** A message's state with the number of the newest change in it; 0 where nothing has changed. */
export interface KnownState {
  readonly change: number;
  readonly state: MessageState;
}

/** What keeps a change from meaning anything. */
export type Clash = 'recalled' | 'there already' | 'not there' | 'too many';

const RECALLED_BODY = encodeBody({ type: 'system', event: 'recalled' });

export function encodeState(state: MessageState): Uint8Array {
  return encode(state);
}

/** The body of an edit is a view of the bytes. */
export function decodeState(bytes: Uint8Array): MessageState {
  return new MsgpackReader(bytes, bytes.length).readValue() as MessageState;
}

/** The state with the change in it, or why there is nothing to change. */
export function changedState(state: MessageState, change: Change, at: number): MessageState | Clash {
  if (state.recalled === true) return 'recalled';
  switch (change.kind) {
    case 'edited': {
      const { body, mentions } = change;
      return { ...state, edited: { at, body, ...(mentions === undefined ? {} : { mentions }) } };
    }
    case 'recalled':
      return { from: state.from, at: state.at, nonce: state.nonce, recalled: true };
    case 'reacted':
      return change.remove ? withoutReaction(state, change) : withReaction(state, change);
    case 'pinned': {
      const { pinned, ...rest } = state;
      if (change.pinned === (pinned !== undefined)) return change.pinned ? 'there already' : 'not there';
      return change.pinned ? { ...rest, pinned: { at, by: change.user } } : rest;
    }
  }
}

type Reacting = Extract<Change, { readonly kind: 'reacted' }>;

function withReaction(state: MessageState, { reaction, user }: Reacting): MessageState | Clash {
  const reactions = state.reactions ?? [];
  const users = reactions.find(([said]) => said === reaction)?.[1];
  if (users?.includes(user)) return 'there already';
  const total = reactions.reduce((sum, [, each]) => sum + each.length, 0);
  if (total >= LIMITS.maxReactions) return 'too many';
  if (users !== undefined) {
    return { ...state, reactions: reactions.map(([said, each]) => [said, said === reaction ? [...each, user] : each]) };
  }
  if (reactions.length >= LIMITS.maxReactionKinds) return 'too many';
  return { ...state, reactions: [...reactions, [reaction, [user]]] };
}

function withoutReaction(state: MessageState, { reaction, user }: Reacting): MessageState | Clash {
  const reactions = state.reactions ?? [];
  if (!reactions.some(([said, users]) => said === reaction && users.includes(user))) return 'not there';
  const left = reactions
    .map(([said, users]) => [said, said === reaction ? users.filter((each) => each !== user) : users] as const)
    .filter(([, users]) => users.length > 0);
  const { reactions: _, ...rest } = state;
  return left.length === 0 ? rest : { ...rest, reactions: left };
}

/** The message as `reader` sees it; undefined is everybody. The frame may be empty where the message was recalled. */
export function shownFrame(
  room: string,
  seq: number,
  frame: Uint8Array,
  { change, state }: KnownState,
  reader: string | undefined,
): Uint8Array {
  if (state.recalled === true) return recalledFrame(room, seq, state, change);
  return encodeMessage({ ...edited(decodeMessage(frame), state), change, ...marksOf(state, reader) });
}

/** What stands in the place of a recalled message. */
export function recalledFrame(
  room: string,
  seq: number,
  { from, at, nonce }: MessageState,
  change: number,
): Uint8Array {
  return encodeMessage({ room, seq, from, at, nonce, body: RECALLED_BODY, change, recalled: true });
}

function edited(message: Message, { edited }: MessageState): Message {
  if (edited === undefined) return message;
  const { mentions: _, ...rest } = message;
  const { at, body, mentions } = edited;
  return { ...rest, body, edited: at, ...(mentions === undefined ? {} : { mentions }) };
}

function marksOf({ reactions, pinned }: MessageState, reader: string | undefined): Partial<Message> {
  const shown = reactions?.map(([reaction, users]) => {
    const isMine = reader !== undefined && users.includes(reader);
    return { reaction, count: users.length, ...(isMine ? { mine: true } : {}) };
  });
  return {
    ...(shown === undefined ? {} : { reactions: shown }),
    ...(pinned === undefined ? {} : { pinned: true }),
  };
}
