import { describe, expect, test } from 'bun:test';
import { VirtualHost } from '../../testkit/virtual-host.ts';
import { ProcessDirectory } from '../embedded/process-directory.ts';
import type { Directory, DirectoryView, NodeClaim } from '../ports/directory.ts';
import { StorageFault } from '../ports/faults.ts';
import { NodeLease } from './node-lease.ts';

const LEASE_MS = 8_000;
const MARGIN_MS = 2_000;

/** A directory that can be away, and can forget. */
class FlakyDirectory implements Directory {
  isAway = false;
  /** Silent for so long before it says that it is away: milliseconds. */
  silentMs = 0;
  life = 'first';
  readonly #host: VirtualHost;
  #inner = new ProcessDirectory();

  constructor(host: VirtualHost) {
    this.#host = host;
  }

  async read(): Promise<DirectoryView> {
    await this.#arrive();
    return { ...this.#inner.read(), life: this.life };
  }

  async replace(seen: NodeClaim | null, next: NodeClaim | null): Promise<boolean> {
    await this.#arrive();
    return this.#inner.replace(seen, next);
  }

  /** Starts again with nothing. */
  forget(): void {
    this.#inner = new ProcessDirectory();
    this.life = 'next';
  }

  #arrive(): Promise<void> {
    if (!this.isAway) return Promise.resolve();
    return new Promise((_, reject) => {
      this.#host.setTimer(this.silentMs, () => reject(new StorageFault('unavailable', 'away')));
    });
  }
}

function world() {
  const host = new VirtualHost();
  const mysql = new FlakyDirectory(host);
  const redis = new FlakyDirectory(host);
  const lost: string[] = [];
  const lease = (node: string): NodeLease =>
    new NodeLease({
      node,
      directories: [
        { name: 'mysql', directory: mysql },
        { name: 'redis', directory: redis },
      ],
      host,
      onLost: (reason) => lost.push(`${node}: ${reason}`),
      leaseMs: LEASE_MS,
      marginMs: MARGIN_MS,
    });
  /** Lets time pass in small steps, and promises have their turn between them. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      host.advance(100);
      await turn();
    }
  };
  /** The outcome of taking, while time passes. */
  const acquired = async (one: NodeLease, withinMs = 30_000): Promise<string> => {
    let outcome = 'pending';
    one.acquire().then(
      () => (outcome = 'acquired'),
      (error: StorageFault) => (outcome = `${error.code}: ${error.message}`),
    );
    await turn();
    for (let passed = 0; passed < withinMs && outcome === 'pending'; passed += 100) await pass(100);
    return outcome;
  };
  return { host, mysql, redis, lost, lease, pass, acquired };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('taking', () => {
  test('[LEASE1] a deployment that nobody claims is taken at once, also after it was given back', async () => {
    const { lease, acquired } = world();
    const ann = lease('ann');
    expect(ann.isSure).toBe(false);
    expect(await acquired(ann, 0)).toBe('acquired');
    expect(ann.isSure).toBe(true);
    await ann.release();
    expect(ann.isSure).toBe(false);
    expect(await acquired(lease('bob'), 0)).toBe('acquired');
  });

  test('[LEASE2] a second node is refused by name while the first one lives', async () => {
    const { lease, acquired, lost } = world();
    const ann = lease('ann');
    await acquired(ann);
    expect(await acquired(lease('bob'))).toBe('refused: the node ann has this deployment, and lives');
    expect(ann.isSure).toBe(true);
    expect(lost).toEqual([]);
  });

  test('[LEASE2] also while only one directory takes the renewals', async () => {
    const { lease, acquired, pass, mysql } = world();
    await acquired(lease('ann'));
    mysql.isAway = true;
    await pass(20_000);
    mysql.isAway = false;
    expect(await acquired(lease('bob'))).toContain('refused');
  });

  test('[LEASE3] the claim of a dead node is taken over after lease and margin, and no sooner', async () => {
    const { lease, acquired, host, mysql } = world();
    await mysql.replace(null, { node: 'dead', beat: 7 });
    const beganMs = host.monotonicMs();
    expect(await acquired(lease('bob'))).toBe('acquired');
    expect(host.monotonicMs() - beganMs).toBeGreaterThanOrEqual(LEASE_MS + MARGIN_MS);
  });

  test('[LEASE3] a directory that began a new life has the watch begin anew', async () => {
    const { lease, acquired, pass, host, mysql, redis } = world();
    await mysql.replace(null, { node: 'dead', beat: 7 });
    const beganMs = host.monotonicMs();
    const outcome = acquired(lease('bob'));
    await pass(5_000);
    redis.life = 'next';
    expect(await outcome).toBe('acquired');
    expect(host.monotonicMs() - beganMs).toBeGreaterThanOrEqual(5_000 + LEASE_MS + MARGIN_MS);
  });

  test('[LEASE4] the earlier life of the same node is no reason to wait', async () => {
    const { lease, acquired, mysql, redis } = world();
    await mysql.replace(null, { node: 'ann', beat: 70 });
    await redis.replace(null, { node: 'ann', beat: 71 });
    expect(await acquired(lease('ann'), 0)).toBe('acquired');
    expect((await mysql.read()).claim).toEqual({ node: 'ann', beat: 72 });
  });

  test('[LEASE5] while a directory cannot be read, nobody takes anything', async () => {
    const { lease, acquired, redis } = world();
    redis.isAway = true;
    expect(await acquired(lease('ann'))).toBe('unavailable: away');
  });
});

describe('holding', () => {
  test('[LEASE6] one directory that takes the renewals is enough; without any, the node is sure until the lease ends', async () => {
    const { lease, acquired, pass, mysql, redis } = world();
    const ann = lease('ann');
    await acquired(ann);
    redis.isAway = true;
    await pass(30_000);
    expect(ann.isSure).toBe(true);
    mysql.isAway = true;
    await pass(LEASE_MS - 1_500);
    expect(ann.isSure).toBe(true);
    await pass(2_000);
    expect(ann.isSure).toBe(false);
    redis.isAway = false;
    await pass(1_500);
    expect(ann.isSure).toBe(true);
  });

  test('[OUT10] a directory that is silent for long before it fails does not delay the renewals of the other one', async () => {
    const { lease, acquired, pass, mysql } = world();
    const ann = lease('ann');
    await acquired(ann);
    mysql.isAway = true;
    mysql.silentMs = 2 * LEASE_MS;
    for (let second = 0; second < 60; second += 1) {
      await pass(1_000);
      expect(ann.isSure).toBe(true);
    }
  });

  test('[LEASE7] a node that slept is not sure, and sure again once a renewal has gone through', async () => {
    const { lease, acquired, host, pass } = world();
    const ann = lease('ann');
    await acquired(ann);
    host.advance(60_000);
    expect(ann.isSure).toBe(false);
    await pass(1_100);
    expect(ann.isSure).toBe(true);
  });

  test('[LEASE8] a node that finds another one’s claim has lost, once', async () => {
    const { lease, acquired, pass, mysql, lost } = world();
    const ann = lease('ann');
    await acquired(ann);
    await mysql.replace((await mysql.read()).claim, { node: 'bob', beat: 99 });
    await pass(5_000);
    expect(ann.isSure).toBe(false);
    expect(lost).toEqual(['ann: the node bob has taken this deployment over']);
  });

  test('[LEASE9] a directory that has forgotten the claim is told it again', async () => {
    const { lease, acquired, pass, redis, lost } = world();
    await acquired(lease('ann'));
    redis.forget();
    await pass(1_500);
    expect((await redis.read()).claim?.node).toBe('ann');
    expect(lost).toEqual([]);
  });
});
