/** Watches leases from outside: a thread that does not hold one on a room must not be sent its messages for long. */
import { LEASE_MS } from '../../../src/actors/room/ledger.ts';
import type { Behaviour } from '../../../src/runtime/kind.ts';
import type { Schedule } from '../../../src/testkit/simulation/schedule.ts';
import { Violation } from './oracle.ts';

/** When a room or its ledger heard of a thread's lease last, by thread and room. */
export type LeaseSigns = Map<string, number>;

/** Longest time that a message may be on its way, late or in front of a stalled thread. */
const ON_ITS_WAY_MS = 11_000;

type Observed =
  | { readonly type: 'deliver'; readonly room: string }
  | { readonly type: 'attach'; readonly thread: number }
  | { readonly type: 'renew'; readonly thread: number; readonly topics: readonly { readonly room: string }[] };

export class LeaseWatch {
  readonly #schedule: Schedule;
  readonly #signs: LeaseSigns;

  constructor(schedule: Schedule, signs: LeaseSigns) {
    this.#schedule = schedule;
    this.#signs = signs;
  }

  /** The same behaviour, watched while it handles what has to do with leases. */
  behaviour<M>(thread: number, kind: string, behaviour: Behaviour<M>): Behaviour<M> {
    if (kind !== 'fanout' && kind !== 'room' && kind !== 'ledger') return behaviour;
    return (context) => {
      const actor = behaviour(context);
      const receive = actor.receive.bind(actor);
      actor.receive = (message) => {
        this.#observe(thread, context.self.id, message as Observed);
        receive(message);
      };
      return actor;
    };
  }

  #observe(thread: number, id: string, message: Observed): void {
    const { nowMs } = this.#schedule;
    if (message.type === 'attach') this.#signs.set(`${message.thread} ${id}`, nowMs);
    else if (message.type === 'renew') {
      for (const { room } of message.topics) this.#signs.set(`${message.thread} ${room}`, nowMs);
    } else if (message.type === 'deliver') {
      const silentMs = nowMs - (this.#signs.get(`${thread} ${message.room}`) ?? 0);
      if (silentMs <= LEASE_MS + ON_ITS_WAY_MS) return;
      throw new Violation('SIM17', `thread ${thread} gets ${message.room}, and holds no lease since ${silentMs} ms`);
    }
  }
}
