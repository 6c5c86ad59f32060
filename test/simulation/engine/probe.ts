/** Probes: an actor on every shard that tells and asks those of other nodes, and holds the links to what they promise. */
import type { Context } from '../../../src/runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../../src/runtime/kind.ts';
import { pinnedId } from '../../../src/runtime/placement.ts';
import type { Ref } from '../../../src/runtime/ref.ts';
import type { Request } from '../../../src/runtime/reply.ts';
import { Violation } from './oracle.ts';

/** Which start of which thread a probe runs in. */
interface Origin {
  readonly thread: number;
  readonly start: number;
}
interface Told {
  readonly type: 'told';
  readonly from: Origin;
  readonly number: number;
}
interface Question extends Request<string> {
  readonly type: 'question';
  readonly text: string;
}
export type ProbeMessage = Told | Question;

export const probeKind = defineKind<ProbeMessage>({
  name: 'probe',
  placement: 'pinned',
  mailbox: { capacity: 1_024, overflow: 'drop-newest' },
});

const MAX_PAUSE_MS = 1_000;
/** One in so many probes asks as well. */
const ASKING = 3;
const DEADLINE_MS = 1_500;

/** What all probes of a world know together, over every start of every node. */
export class ProbeLog {
  /** Cleared once the world is healed: it comes to rest. */
  active = true;
  /** By receiving thread and sending thread, the newest that was told. */
  readonly #newest = new Map<string, { readonly start: number; readonly number: number }>();

  told(receiver: number, { from, number }: Told): void {
    const key = `${from.thread}>${receiver}`;
    const newest = this.#newest.get(key);
    if (
      newest !== undefined &&
      (from.start < newest.start || (from.start === newest.start && number <= newest.number))
    ) {
      const then = `start ${newest.start} number ${newest.number}`;
      throw new Violation('SIM15', `${key} brings start ${from.start} number ${number} after ${then}`);
    }
    this.#newest.set(key, { start: from.start, number });
  }
}

/** The probe of one shard. `start` says which start of its node it is, `peers` where the others are. */
export function probe(log: ProbeLog, start: number, peers: readonly number[]): Behaviour<ProbeMessage> {
  return (context) => new Probe(context, log, start, peers);
}

class Probe implements Actor<ProbeMessage> {
  readonly #context: Context<ProbeMessage>;
  readonly #log: ProbeLog;
  readonly #from: Origin;
  readonly #peers: readonly number[];
  #number = 0;

  constructor(context: Context<ProbeMessage>, log: ProbeLog, start: number, peers: readonly number[]) {
    this.#context = context;
    this.#log = log;
    this.#from = { thread: context.thread, start };
    this.#peers = peers;
  }

  started(): void {
    this.#later();
  }

  receive(message: ProbeMessage): void {
    if (message.type === 'told') this.#log.told(this.#context.thread, message);
    else this.#context.reply(`re: ${message.text}`);
  }

  #later(): void {
    this.#context.after(this.#context.random() * MAX_PAUSE_MS, () => this.#probe());
  }

  #probe(): void {
    if (!this.#log.active) return;
    const peer = this.#peers[Math.floor(this.#context.random() * this.#peers.length)] as number;
    const other = this.#context.ref(probeKind, pinnedId(peer, 0));
    this.#number += 1;
    const { thread, start } = this.#from;
    this.#context.tell(other, { type: 'told', from: this.#from, number: this.#number });
    if (this.#number % ASKING === 0) this.#ask(other, `${thread} of start ${start} to ${peer}, number ${this.#number}`);
    this.#later();
  }

  #ask(other: Ref<ProbeMessage>, text: string): void {
    this.#context.ask(other, { type: 'question', text }, DEADLINE_MS, (reply) => {
      if (reply.ok && reply.value !== `re: ${text}`)
        throw new Violation('SIM15', `'${text}' is answered '${reply.value}'`);
    });
  }
}
