/**
 * The records actor: the one door to users, tokens, rooms and members.
 *
 * Owns a `Records` driver. Talks to nobody; everybody asks it. Nothing of its own survives a restart: the driver's
 * database does.
 */
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import type { Reply, Request } from '../../runtime/reply.ts';
import type { Records } from '../../storage/ports/records.ts';
import { storageReply } from './reply.ts';

type Operation = Exclude<keyof Records, 'close'>;
type ArgsOf<O extends Operation> = Parameters<Records[O]>;
type ResultOf<O extends Operation> = Awaited<ReturnType<Records[O]>>;

/** One call of the port. */
export interface RecordsMessage extends Request<unknown> {
  readonly type: Operation;
  readonly args: readonly unknown[];
}

export const recordsKind = defineKind<RecordsMessage>({
  name: 'records',
  placement: 'service',
  mailbox: { capacity: 8192, overflow: 'refuse' },
  supervision: { onFailure: 'resume' },
});

const DEADLINE_MS = 5_000;

/** Asks for one operation of the port, with its types. */
export function askRecords<O extends Operation>(
  context: Pick<Context<never>, 'ask' | 'ref'>,
  operation: O,
  args: ArgsOf<O>,
  onReply: (reply: Reply<ResultOf<O>>) => void,
): void {
  const message: RecordsMessage = { type: operation, args };
  context.ask(context.ref(recordsKind, 'all'), message, DEADLINE_MS, (reply) => onReply(reply as Reply<ResultOf<O>>));
}

export function records(driver: Records): Behaviour<RecordsMessage> {
  return (context) => new RecordsActor(context, driver);
}

class RecordsActor implements Actor<RecordsMessage> {
  readonly #context: Context<RecordsMessage>;
  readonly #driver: Records;

  constructor(context: Context<RecordsMessage>, driver: Records) {
    this.#context = context;
    this.#driver = driver;
  }

  receive(message: RecordsMessage): void {
    const call = this.#driver[message.type] as (...args: readonly unknown[]) => unknown;
    storageReply(this.#context, () => call.apply(this.#driver, [...message.args]));
  }
}
