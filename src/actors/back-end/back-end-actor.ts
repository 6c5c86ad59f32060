/**
 * A back end's own actor: looks after its circuit for as long as the thread lives.
 *
 * Owns the pace of the probes. Talks to nobody; storage actors of the same thread call through the `BackEnd` itself.
 * Nothing to survive: a new incarnation goes on probing.
 */
import type { Context } from '../../runtime/context.ts';
import type { CancelTimer } from '../../runtime/host.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import { pinnedId } from '../../runtime/placement.ts';
import type { Ref } from '../../runtime/ref.ts';
import type { BackEnd } from './back-end.ts';

/** The circuit has changed: the next probe may be due at another time. */
export interface LookAfter {
  readonly type: 'look-after';
}

export const backEndKind = defineKind<LookAfter>({
  name: 'back-end',
  placement: 'pinned',
  mailbox: { capacity: 16, overflow: 'drop-newest' },
  supervision: { onFailure: 'restart', maxRestarts: Number.MAX_SAFE_INTEGER },
});

/** The actor of the back end with this name on this thread. Telling it anything starts it. */
export function backEndRef(shard: { ref: Context<never>['ref'] }, thread: number, name: string): Ref<LookAfter> {
  return shard.ref(backEndKind, pinnedId(thread, name));
}

/** Looks after the back ends of its thread, by name. */
export function backEndActor(backEnds: ReadonlyMap<string, BackEnd>): Behaviour<LookAfter> {
  return (context) => {
    const name = context.self.id.slice(context.self.id.indexOf('.') + 1);
    const backEnd = backEnds.get(name);
    if (backEnd === undefined) throw new Error(`this thread has no back end ${name}`);
    return new BackEndActor(context, backEnd);
  };
}

class BackEndActor implements Actor<LookAfter> {
  readonly #context: Context<LookAfter>;
  readonly #backEnd: BackEnd;
  #cancelTimer: CancelTimer | undefined;
  #probing = false;

  constructor(context: Context<LookAfter>, backEnd: BackEnd) {
    this.#context = context;
    this.#backEnd = backEnd;
  }

  started(): void {
    const { self } = this.#context;
    this.#backEnd.onProbeDue = () => void this.#context.tell(self, { type: 'look-after' });
    this.#probe();
  }

  receive(_message: LookAfter): void {
    if (!this.#probing) this.#schedule();
  }

  summary(): Readonly<Record<string, unknown>> {
    return { ...this.#backEnd.report() };
  }

  #probe(): void {
    this.#probing = true;
    this.#context.pipe(this.#backEnd.probe(), () => {
      this.#probing = false;
      this.#schedule();
    });
  }

  #schedule(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#context.after(this.#backEnd.probeDelayMs, () => this.#probe());
  }
}
