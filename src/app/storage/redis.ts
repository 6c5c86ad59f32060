/** A thread's connection to Redis, which is refused where Redis would evict what must stay. */
import type { Logger } from '../../log/logger.ts';
import type { Host } from '../../runtime/host.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import { RedisConnection } from '../../storage/redis/connection.ts';
import { evictionProblem } from '../../storage/redis/eviction-policy.ts';

export interface CountedRedis {
  readonly redis: RedisConnection;
  report(): BackEndReport;
}

/** How long a start waits for Redis, without which everything but the lease goes on. */
const START_MS = 2_000;

/** Rejects if Redis is there and has an eviction policy that the engine cannot live with. */
export async function connectRedis(url: string, host: Host, log: Logger): Promise<CountedRedis> {
  let failures = 0;
  let lastFault = '';
  let checkLater = false;
  const redis = new RedisConnection({
    url,
    host,
    onState(state, error) {
      if (state === 'ready') {
        log.info('Redis is connected');
        if (checkLater)
          refuseEviction(redis).catch((error: unknown) => log.error('Redis must not be used so', { error }));
        checkLater = false;
      }
      if (state !== 'connecting' && state !== 'stalled') return;
      failures += 1;
      lastFault = error?.message ?? state;
      log.warn('Redis is away', { state, fault: lastFault });
    },
  });
  try {
    await redis.ready(START_MS);
    await refuseEviction(redis);
  } catch (error) {
    if (!(error instanceof StorageFault) || error.code !== 'unavailable') {
      redis.close();
      throw error;
    }
    log.warn('Redis is away at the start', { fault: error.message });
    checkLater = true;
  }
  return {
    redis,
    report: () => ({
      name: 'redis',
      state: redis.state === 'ready' ? 'ready' : 'open',
      failures,
      refused: 0,
      inFlight: 0,
      waiting: 0,
      lastFault,
    }),
  };
}

async function refuseEviction(redis: RedisConnection): Promise<void> {
  const problem = await evictionProblem(redis);
  if (problem !== null) throw new StorageFault('refused', problem);
}
