/**
 * The message reader: history, heads and nonces out of the message store.
 *
 * Owns the reading side of the store. Talks to nobody; rooms ask it. Nothing to survive.
 */
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import type { RecordStream } from '../../storage/ports/log-record.ts';
import type {
  ChangesQuery,
  HistoryPage,
  HistoryQuery,
  MentionQuery,
  MessageStoreReader,
  PostedNonce,
  RoomHead,
  StatesPage,
  StatesQuery,
  StoredChange,
  StoredState,
} from '../../storage/ports/message-store.ts';
import { storageReply } from './reply.ts';

export interface ReadHead extends Request<RoomHead> {
  readonly type: 'head';
  readonly room: string;
}
export interface ReadHistory extends Request<HistoryPage> {
  readonly type: 'history';
  readonly query: HistoryQuery;
}
export interface ReadNonces extends Request<readonly PostedNonce[]> {
  readonly type: 'nonces';
  readonly room: string;
  readonly sender: string;
  readonly limit: number;
  readonly stream: RecordStream;
}
export interface CountMentions extends Request<readonly number[]> {
  readonly type: 'mentions';
  readonly room: string;
  readonly users: readonly MentionQuery[];
  readonly to: number;
}
export interface ReadStoredChanges extends Request<readonly StoredChange[]> {
  readonly type: 'changes';
  readonly query: ChangesQuery;
}
export interface ReadStates extends Request<StatesPage> {
  readonly type: 'states';
  readonly query: StatesQuery;
}
export interface ReadPins extends Request<readonly StoredState[]> {
  readonly type: 'pins';
  readonly room: string;
  readonly known: number;
}
export type MessageReaderMessage =
  | CountMentions
  | ReadHead
  | ReadHistory
  | ReadNonces
  | ReadStoredChanges
  | ReadStates
  | ReadPins;

export const messageReaderKind = defineKind<MessageReaderMessage>({
  name: 'message-reader',
  placement: 'service',
  mailbox: { capacity: 8192, overflow: 'refuse' },
  supervision: { onFailure: 'resume' },
});

export function messageReader(store: MessageStoreReader): Behaviour<MessageReaderMessage> {
  return (context) => new MessageReader(context, store);
}

class MessageReader implements Actor<MessageReaderMessage> {
  readonly #context: Context<MessageReaderMessage>;
  readonly #store: MessageStoreReader;

  constructor(context: Context<MessageReaderMessage>, store: MessageStoreReader) {
    this.#context = context;
    this.#store = store;
  }

  receive(message: MessageReaderMessage): void {
    storageReply(this.#context, () => this.#read(message));
  }

  #read(message: MessageReaderMessage): unknown {
    switch (message.type) {
      case 'head':
        return this.#store.head(message.room);
      case 'history':
        return this.#store.history(message.query);
      case 'mentions':
        return this.#store.mentions(message.room, message.users, message.to);
      case 'nonces':
        return this.#store.nonces(message.room, message.sender, message.limit, message.stream);
      case 'changes':
        return this.#store.changes(message.query);
      case 'states':
        return this.#store.states(message.query);
      case 'pins':
        return this.#store.pins(message.room, message.known);
    }
  }
}
