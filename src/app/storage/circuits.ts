/** The back ends of one thread behind their circuits, each with an actor that looks after it. */
import { BackEnd } from '../../actors/back-end/back-end.ts';
import { backEndActor, backEndKind, backEndRef } from '../../actors/back-end/back-end-actor.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import type { RoleEnvironment } from '../roles/role.ts';

export interface CircuitOptions {
  /** Resolves if the back end answers. */
  readonly probe: () => Promise<unknown>;
  readonly maxInFlight?: number;
  readonly deadlineMs?: number;
}

const MAX_IN_FLIGHT = 64;
const MAX_WAITING = 4_096;
/** Below the deadlines of those who ask storage actors, so that they hear the reason. */
const DEADLINE_MS = 4_000;

export class Circuits {
  readonly #environment: Pick<RoleEnvironment, 'shard' | 'log'>;
  readonly #backEnds = new Map<string, BackEnd>();

  constructor(environment: Pick<RoleEnvironment, 'shard' | 'log'>) {
    this.#environment = environment;
    environment.shard.register(backEndKind, backEndActor(this.#backEnds));
  }

  /** Probes it from now on. */
  add(name: string, { probe, maxInFlight = MAX_IN_FLIGHT, deadlineMs = DEADLINE_MS }: CircuitOptions): BackEnd {
    const { shard, log } = this.#environment;
    const backEnd = new BackEnd({
      name,
      host: shard.host,
      probe,
      maxInFlight,
      maxWaiting: MAX_WAITING,
      deadlineMs,
      onState: (state, lastFault) => {
        if (state === 'ready') log.info('the back end is ready', { backEnd: name });
        else log.warn('the back end does not answer as it should', { backEnd: name, state, fault: lastFault });
      },
    });
    this.#backEnds.set(name, backEnd);
    shard.tell(backEndRef(shard, shard.thread, name), { type: 'look-after' });
    return backEnd;
  }

  reports(): BackEndReport[] {
    return [...this.#backEnds.values()].map((backEnd) => backEnd.report());
  }
}
