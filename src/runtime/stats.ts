/** Counters per kind, kept on the hot path, read by the inspector. */

const BUCKETS = 24;

export class KindStats {
  readonly kind: string;
  live = 0;
  activations = 0;
  passivations = 0;
  messages = 0;
  restarts = 0;
  failures = 0;
  /** Messages refused or dropped because a mailbox was full. */
  overflows = 0;
  deadLetters = 0;
  /** Most messages that ever waited in one mailbox. */
  mailboxHighWater = 0;
  /** Sampled time per message: bucket b counts samples below 2^b µs. */
  readonly timeBuckets = new Uint32Array(BUCKETS);
  sampledMs = 0;
  sampledMessages = 0;

  constructor(kind: string) {
    this.kind = kind;
  }

  /** Records a sampled turn of `messages` messages that took `elapsedMs`. */
  sample(elapsedMs: number, messages: number): void {
    if (messages === 0) return;
    this.sampledMs += elapsedMs;
    this.sampledMessages += messages;
    const micros = (elapsedMs * 1000) / messages;
    // The power of two that is not below it; `clz32` is a few times as quick as a logarithm.
    const bucket = micros <= 1 ? 0 : Math.min(BUCKETS - 1, 32 - Math.clz32(Math.ceil(micros) - 1));
    this.timeBuckets[bucket] = (this.timeBuckets[bucket] as number) + messages;
  }
}
