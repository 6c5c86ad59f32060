/**
 * A node's lease on the deployment: taken before anything is written, renewed every second, and good for as long as the
 * last renewal says.
 *
 * *Taking.* A claim of another node is respected until it has not moved for the lease and a margin, watched from here: no
 * two clocks are compared. All directories must be readable for that, and a directory that began a new life meanwhile may
 * have forgotten a renewal, so that the watch begins anew. Claims of the same node are its own earlier life's, which the
 * lock on its data directory has proved dead.
 *
 * *Renewing.* One directory that takes the renewal is enough, so that the node outlives the loss of the others.
 *
 * *Being sure.* `isSure` counts from before the renewal was sent. Who acts on the lease asks at the moment of acting: a
 * process that was stopped and goes on later finds it false.
 */
import type { CancelTimer, Host } from '../../runtime/host.ts';
import type { Directory, NodeClaim } from '../ports/directory.ts';
import { StorageFault } from '../ports/faults.ts';

export interface NodeLeaseOptions {
  /** Unique to the data directory. */
  readonly node: string;
  /** By name; claims are decided in the first one. At least one. */
  readonly directories: readonly { readonly name: string; readonly directory: Directory }[];
  readonly host: Pick<Host, 'monotonicMs' | 'setTimer'>;
  /** Another node has the claim: this one must do nothing more. */
  readonly onLost: (reason: string) => void;
  readonly leaseMs?: number;
  readonly marginMs?: number;
}

const LEASE_MS = 8_000;
const MARGIN_MS = 2_000;
const RENEW_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 500;

export class NodeLease {
  readonly #options: NodeLeaseOptions;
  readonly #leaseMs: number;
  readonly #marginMs: number;
  /** What stands in each directory, as far as is known. */
  readonly #seen: (NodeClaim | null)[] = [];
  #beat = 0;
  #sureUntilMs = Number.NEGATIVE_INFINITY;
  readonly #cancelTimers: (CancelTimer | undefined)[] = [];
  #held = false;

  constructor(options: NodeLeaseOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#marginMs = options.marginMs ?? MARGIN_MS;
  }

  /** Whether nobody else can have taken over by now. */
  get isSure(): boolean {
    return this.#held && this.#options.host.monotonicMs() < this.#sureUntilMs;
  }

  /** Takes the deployment. Throws a `StorageFault`: `refused` where another node lives, `unavailable` as the directories do. */
  async acquire(): Promise<void> {
    const { host, node } = this.#options;
    const begunMs = host.monotonicMs();
    let watch = await this.#look();
    for (let sinceMs = begunMs; watch.foreign !== undefined; ) {
      if (host.monotonicMs() - sinceMs >= this.#leaseMs + this.#marginMs) break;
      await this.#pause(LOOK_EVERY_MS);
      const next = await this.#look();
      if (next.lives !== watch.lives) sinceMs = host.monotonicMs();
      else if (next.state !== watch.state) {
        throw new StorageFault('refused', `the node ${next.foreign ?? watch.foreign} has this deployment, and lives`);
      }
      watch = next;
    }
    const sentMs = host.monotonicMs();
    this.#beat = Math.max(0, ...this.#seen.map((claim) => claim?.beat ?? 0)) + 1;
    for (const index of this.#options.directories.keys()) {
      const taken = await this.#put(index, { node, beat: this.#beat });
      if (!taken) throw new StorageFault('refused', 'another node took this deployment at the same moment');
    }
    this.#held = true;
    this.#sureUntilMs = sentMs + this.#leaseMs;
    for (const index of this.#options.directories.keys()) this.#renewLater(index);
  }

  /** Gives the deployment back, so that the next node need not wait. */
  async release(): Promise<void> {
    for (const cancel of this.#cancelTimers) cancel?.();
    this.#held = false;
    for (const index of this.#options.directories.keys()) await this.#put(index, null).catch(() => undefined);
  }

  async #look(): Promise<{ readonly foreign: string | undefined; readonly state: string; readonly lives: string }> {
    const views = await Promise.all(this.#options.directories.map(({ directory }) => directory.read()));
    for (const [index, { claim }] of views.entries()) this.#seen[index] = claim;
    const foreign = views.find(({ claim }) => claim !== null && claim.node !== this.#options.node)?.claim?.node;
    return {
      foreign,
      state: JSON.stringify(views.map(({ claim }) => claim)),
      lives: JSON.stringify(views.map(({ life }) => life)),
    };
  }

  async #put(index: number, next: NodeClaim | null): Promise<boolean> {
    const { directory } = this.#options.directories[index] as NodeLeaseOptions['directories'][number];
    const done = await directory.replace(this.#seen[index] ?? null, next);
    if (done) this.#seen[index] = next;
    return done;
  }

  #renewLater(index: number): void {
    this.#cancelTimers[index] = this.#options.host.setTimer(RENEW_EVERY_MS, () => void this.#renew(index));
  }

  /** Each directory at its own pace: one that does not answer must not delay the renewal that another one takes. */
  async #renew(index: number): Promise<void> {
    const sentMs = this.#options.host.monotonicMs();
    this.#beat += 1;
    const outcome = await this.#renewIn(index, { node: this.#options.node, beat: this.#beat });
    if (!this.#held) return;
    if (typeof outcome === 'object') {
      this.#held = false;
      this.#options.onLost(`the node ${outcome.node} has taken this deployment over`);
      return;
    }
    if (outcome === 'renewed') this.#sureUntilMs = Math.max(this.#sureUntilMs, sentMs + this.#leaseMs);
    this.#renewLater(index);
  }

  /** Where something else stands: an earlier renewal whose answer was lost, a directory that has forgotten, or another node. */
  async #renewIn(index: number, next: NodeClaim): Promise<'renewed' | 'away' | NodeClaim> {
    const { directory } = this.#options.directories[index] as NodeLeaseOptions['directories'][number];
    try {
      if (await this.#put(index, next)) return 'renewed';
      const { claim } = await directory.read();
      if (claim !== null && claim.node !== next.node) return claim;
      this.#seen[index] = claim;
      return (await this.#put(index, next)) ? 'renewed' : 'away';
    } catch (error) {
      if (error instanceof StorageFault) return 'away';
      throw error;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.host.setTimer(ms, resolve));
  }
}
