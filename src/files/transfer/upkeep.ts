/** When what crashes leave behind is swept: at the start, and then again and again, each kind at its own pace. */
import type { CancelTimer, Host } from '../../runtime/host.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import { type SweepOptions, type SweepReport, sweepLost, sweepNotes, sweepStaged } from './sweep.ts';

export interface UpkeepOptions extends SweepOptions {
  readonly host: Pick<Host, 'setTimer'>;
  /** A pass has done something. */
  readonly onSwept: (report: SweepReport) => void;
  /** A pass was cut short; the next one is soon. */
  readonly onFault: (fault: StorageFault) => void;
  /** A defect. */
  readonly onDefect: (error: unknown) => void;
}

const NOTES_EVERY_MS = 10_000;
const AFTER_FAULT_MS = 5_000;
/** Passes over the notes between two over the contents that wait, and over what is lost. */
const STAGED_EVERY = 60;
const LOST_EVERY = 360;
/** A job that was enqueued when its content was staged has been delivered once by then, or will be. */
const WAITED_MS = 10 * 60_000;

export class Upkeep {
  readonly #options: UpkeepOptions;
  #passes = 0;
  #cancel: CancelTimer = () => undefined;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** At the start every content without a known job gets one: the process before may have died in front of it. */
  start(): void {
    this.#after(0);
  }

  /** Resolves when no pass is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#running;
  }

  #after(ms: number): void {
    if (this.#isClosed) return;
    this.#cancel = this.#options.host.setTimer(ms, () => {
      this.#running = this.#pass().catch(this.#options.onDefect);
    });
  }

  async #pass(): Promise<void> {
    const options = this.#options;
    const report: SweepReport = { enqueued: 0, freed: 0, deleted: 0, lost: 0, abandoned: 0 };
    let pauseMs = NOTES_EVERY_MS;
    try {
      await sweepNotes(options, report);
      const now = options.wallMs();
      // A content that was staged at this very millisecond counts too.
      if (this.#passes === 0) await sweepStaged(options, now + 1, report);
      else if (this.#passes % STAGED_EVERY === 0) await sweepStaged(options, now - WAITED_MS, report);
      if (this.#passes % LOST_EVERY === 0) await sweepLost(options, report);
      this.#passes += 1;
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      options.onFault(error);
      pauseMs = AFTER_FAULT_MS;
    }
    if (Object.values(report).some((count) => count > 0)) options.onSwept(report);
    this.#after(pauseMs);
  }
}
