/** The hooks as this thread knows them: read when they are first needed, anew when told of a change, and now and then. */
import type { Host } from '../runtime/host.ts';
import { StorageFault } from '../storage/ports/faults.ts';
import type { Hook } from '../storage/ports/hooks.ts';

export interface KnownHooksOptions {
  readonly read: () => Promise<readonly Hook[]>;
  readonly host: Pick<Host, 'setTimer'>;
  readonly onDefect: (error: unknown) => void;
}

/** Hooks that another node was told of are known here after that time. */
const REFRESH_MS = 30_000;
const RETRY_MS = 1_000;

export class KnownHooks {
  readonly #options: KnownHooksOptions;
  #hooks: readonly Hook[] | undefined;
  #cancel: () => void = () => undefined;
  #isClosed = false;

  constructor(options: KnownHooksOptions) {
    this.#options = options;
  }

  /** Undefined where they have not been read yet. */
  get now(): readonly Hook[] | undefined {
    return this.#hooks;
  }

  /** Rejects with a `StorageFault`. */
  async current(): Promise<readonly Hook[]> {
    return this.#hooks ?? (await this.refresh());
  }

  /** Rejects with a `StorageFault`; then what was known before stays known. */
  async refresh(): Promise<readonly Hook[]> {
    this.#hooks = await this.#options.read();
    return this.#hooks;
  }

  /** Keeps them fresh from now on. */
  start(): void {
    this.refresh().then(
      () => this.#again(REFRESH_MS),
      (error: unknown) => {
        if (!(error instanceof StorageFault)) return this.#options.onDefect(error);
        this.#again(RETRY_MS);
      },
    );
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #again(afterMs: number): void {
    if (this.#isClosed) return;
    this.#cancel = this.#options.host.setTimer(afterMs, () => this.start());
  }
}
