/**
 * The actor in front of a storage port: one kind a port, a message a method.
 *
 * Owns a driver of the port. Talks to nobody; everybody asks it. Nothing of its own survives a restart: the driver's
 * database does.
 */
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind, type Kind } from '../../runtime/kind.ts';
import type { Reply, Request } from '../../runtime/reply.ts';
import { storageReply } from './reply.ts';

type Operation<Port> = Exclude<keyof Port, 'close'> & string;
type MethodOf<Port, O extends keyof Port> = Port[O] extends (...args: infer A) => infer R
  ? { args: A; result: R }
  : never;

/** One call of the port. */
export interface PortMessage<Port> extends Request<unknown> {
  readonly type: Operation<Port>;
  readonly args: readonly unknown[];
}

/** Methods of a port as its clients ask for them, with their types. */
export type AskPort<Port> = <O extends Operation<Port>>(
  context: Pick<Context<never>, 'ask' | 'ref'>,
  operation: O,
  args: MethodOf<Port, O>['args'],
  onReply: (reply: Reply<Awaited<MethodOf<Port, O>['result']>>) => void,
) => void;

const DEADLINE_MS = 5_000;

/** The kind of the port's actor: one in the whole process, on the thread that has the service of this name. */
export function definePortKind<Port>(name: string): Kind<PortMessage<Port>> {
  return defineKind<PortMessage<Port>>({
    name,
    placement: 'service',
    mailbox: { capacity: 8192, overflow: 'refuse' },
    supervision: { onFailure: 'resume' },
  });
}

export function askPort<Port>(kind: Kind<PortMessage<Port>>): AskPort<Port> {
  return (context, operation, args, onReply) => {
    const message: PortMessage<Port> = { type: operation, args: args as readonly unknown[] };
    context.ask(context.ref(kind, 'all'), message, DEADLINE_MS, (reply) =>
      onReply(reply as Parameters<typeof onReply>[0]),
    );
  };
}

export function portActor<Port extends object>(driver: Port): Behaviour<PortMessage<Port>> {
  return (context) => new PortActor(context, driver);
}

class PortActor<Port extends object> implements Actor<PortMessage<Port>> {
  readonly #context: Context<PortMessage<Port>>;
  readonly #driver: Port;

  constructor(context: Context<PortMessage<Port>>, driver: Port) {
    this.#context = context;
    this.#driver = driver;
  }

  receive(message: PortMessage<Port>): void {
    const call = this.#driver[message.type] as (...args: readonly unknown[]) => unknown;
    storageReply(this.#context, () => call.apply(this.#driver, [...message.args]));
  }
}
