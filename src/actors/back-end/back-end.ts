/**
 * A back end behind a circuit: bounded calls with deadlines while it answers, refusals at once while it does not.
 *
 * Storage actors of a thread make their calls through it; the back end's own actor (`back-end-actor.ts`) probes it and so
 * closes the circuit again. Drivers keep no retry loops of their own beyond what their ports say.
 */
import type { CancelTimer, Host } from '../../runtime/host.ts';
import type { BackEndReport, BackEndState } from '../../storage/ports/back-end.ts';
import { StorageFault } from '../../storage/ports/faults.ts';

export interface BackEndOptions {
  readonly name: string;
  readonly host: Pick<Host, 'monotonicMs' | 'setTimer' | 'random'>;
  /** Resolves if the back end answers; cheap. */
  readonly probe: () => Promise<unknown>;
  /** Calls under way at once. */
  readonly maxInFlight: number;
  /** Calls that may wait for their turn, or for the first connection. */
  readonly maxWaiting: number;
  /** From the call to its answer, waiting included. */
  readonly deadlineMs: number;
  readonly onState: (state: BackEndState, lastFault: string) => void;
}

/** Failures in a row that open the circuit. */
const OPEN_AFTER = 5;
const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** Without a failure for this long a degraded back end is ready again. */
const RECOVERED_AFTER_MS = 5_000;
/** Pause between probes while it answers: an idle node notices too. */
const CALM_PROBE_MS = 5_000;
const DEGRADED_PROBE_MS = 1_000;

interface Call<T> {
  readonly operation: () => Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  cancelDeadline: CancelTimer;
  /** Its deadline has passed: whatever becomes of it, nobody hears of it. */
  late: boolean;
}

export class BackEnd {
  readonly #options: BackEndOptions;
  #state: BackEndState = 'connecting';
  #failuresInRow = 0;
  #failures = 0;
  #refused = 0;
  #inFlight = 0;
  #lastFault = '';
  #lastFailureMs = Number.NEGATIVE_INFINITY;
  #backoffMs = MIN_BACKOFF_MS;
  readonly #waiting = new Set<Call<unknown>>();
  /** Told when the pause before the next probe may have changed. */
  onProbeDue: () => void = () => undefined;

  constructor(options: BackEndOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  report(): BackEndReport {
    return {
      name: this.#options.name,
      state: this.#state,
      failures: this.#failures,
      refused: this.#refused,
      inFlight: this.#inFlight,
      waiting: this.#waiting.size,
      lastFault: this.#lastFault,
    };
  }

  /**
   * Runs the operation, now or when there is room. Rejects as it does, or with an `unavailable` fault: at once where the
   * circuit is open or too much waits, else past the deadline, after which what becomes of it is not heard any more.
   */
  call<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#state === 'open') return Promise.reject(this.#refusal(`${this.name} is away: ${this.#lastFault}`));
    const mustWait = this.#state === 'connecting' || this.#inFlight >= this.#options.maxInFlight;
    if (mustWait && this.#waiting.size >= this.#options.maxWaiting) {
      return Promise.reject(this.#refusal(`too much waits for ${this.name}`));
    }
    return new Promise<T>((resolve, reject) => {
      const call: Call<T> = { operation, resolve, reject, cancelDeadline: () => undefined, late: false };
      call.cancelDeadline = this.#options.host.setTimer(this.#options.deadlineMs, () => this.#passDeadline(call));
      if (mustWait) this.#waiting.add(call as Call<unknown>);
      else this.#start(call);
    });
  }

  /** Who waited in vain for a turn says nothing of the back end: those under way do. */
  #passDeadline<T>(call: Call<T>): void {
    call.late = true;
    const fault = new StorageFault('unavailable', `${this.name} did not answer in time`);
    if (!this.#waiting.delete(call as Call<unknown>)) this.#failed(fault);
    call.reject(fault);
  }

  /** Asks the back end whether it is there, outside the bounds of calls. Never rejects. */
  async probe(): Promise<void> {
    let cancel: () => void = () => undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = this.#options.host.setTimer(this.#options.deadlineMs, () =>
        reject(new StorageFault('unavailable', `${this.name} does not answer`)),
      );
    });
    try {
      await Promise.race([this.#options.probe(), late]);
      this.#succeeded(true);
    } catch (error) {
      this.#failed(error);
    } finally {
      cancel();
    }
  }

  /** Pause before the next probe, jittered: milliseconds. */
  get probeDelayMs(): number {
    if (this.#state === 'ready') return CALM_PROBE_MS;
    if (this.#state === 'degraded') return DEGRADED_PROBE_MS;
    return this.#backoffMs * (0.5 + 0.5 * this.#options.host.random());
  }

  #start<T>(call: Call<T>): void {
    this.#inFlight += 1;
    started(call.operation).then(
      (value) => {
        this.#ended(call, undefined);
        call.resolve(value);
      },
      (error: unknown) => {
        this.#ended(call, error);
        call.reject(error);
      },
    );
  }

  /** A late call was counted as a failure already. */
  #ended<T>(call: Call<T>, error: unknown): void {
    call.cancelDeadline();
    this.#inFlight -= 1;
    if (!isAway(error)) this.#succeeded(false);
    else if (!call.late) this.#failed(error);
    this.#startWaiting();
  }

  #startWaiting(): void {
    if (this.#state === 'connecting' || this.#state === 'open') return;
    for (const call of this.#waiting) {
      if (this.#inFlight >= this.#options.maxInFlight) return;
      this.#waiting.delete(call);
      this.#start(call);
    }
  }

  /** A call that was under way when the circuit opened does not close it again; a probe does. */
  #succeeded(probed: boolean): void {
    if (this.#state === 'open' && !probed) return;
    this.#failuresInRow = 0;
    this.#backoffMs = MIN_BACKOFF_MS;
    const recovered = this.#options.host.monotonicMs() - this.#lastFailureMs >= RECOVERED_AFTER_MS;
    if (this.#state === 'ready') return;
    if (this.#state === 'connecting' || recovered) this.#become('ready');
    else if (this.#state === 'open') this.#become('degraded');
    this.#startWaiting();
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#failuresInRow += 1;
    this.#lastFailureMs = this.#options.host.monotonicMs();
    this.#lastFault = error instanceof Error ? error.message : String(error);
    if (this.#state === 'open' || this.#state === 'connecting') {
      this.#backoffMs = Math.min(MAX_BACKOFF_MS, this.#backoffMs * 2);
    }
    if (this.#state === 'open') return;
    if (this.#failuresInRow >= OPEN_AFTER) this.#open();
    else if (this.#state === 'ready') this.#become('degraded');
  }

  #open(): void {
    this.#become('open');
    for (const call of this.#waiting) {
      call.cancelDeadline();
      call.reject(this.#refusal(`${this.name} is away: ${this.#lastFault}`));
    }
    this.#waiting.clear();
  }

  #become(state: BackEndState): void {
    this.#state = state;
    this.#options.onState(state, this.#lastFault);
    this.onProbeDue();
  }

  #refusal(text: string): StorageFault {
    this.#refused += 1;
    return new StorageFault('unavailable', text);
  }
}

/** An operation that throws is one that rejects. */
async function started<T>(operation: () => Promise<T>): Promise<T> {
  return await operation();
}

function isAway(error: unknown): boolean {
  return error instanceof StorageFault && error.code === 'unavailable';
}
