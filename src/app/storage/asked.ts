/** A port as those see it who are not on its thread and are no actors: each call is one question to its actor. */
import type { PortMessage } from '../../actors/storage/port-actor.ts';
import type { Kind } from '../../runtime/kind.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { Shard } from '../../runtime/shard.ts';
import { StorageFault } from '../../storage/ports/faults.ts';

/** Methods of a port, each of which answers later. */
export type Asked<Port> = {
  readonly [O in Exclude<keyof Port, 'close'>]: Port[O] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

const DEADLINE_MS = 5_000;

/** Rejects with a `StorageFault` where the port does, or does not answer in time. */
export function askedPort<Port extends object>(shard: Shard, kind: Kind<PortMessage<Port>>): Asked<Port> {
  const methods = new Map<PropertyKey, unknown>();
  return new Proxy({} as Asked<Port>, {
    get(_, name) {
      const known = methods.get(name);
      if (known !== undefined) return known;
      const method = async (...args: readonly unknown[]): Promise<unknown> => {
        const message = { type: name, args } as unknown as PortMessage<Port>;
        return answered(await shard.ask(shard.ref(kind, 'all'), message, DEADLINE_MS), `${kind.name}.${String(name)}`);
      };
      methods.set(name, method);
      return method;
    },
  });
}

function answered(reply: Reply<unknown>, asked: string): unknown {
  if (reply.ok) return reply.value;
  const { code, message } = reply.fault;
  const isPassing = code === 'unavailable' || code === 'overloaded';
  throw new StorageFault(isPassing ? 'unavailable' : 'refused', `${asked}: ${message}`);
}
