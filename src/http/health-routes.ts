/** For operators: whether the node lives, whether it is ready, and what it counts. */
import type { Elysia } from 'elysia';
import { inspectorKind, type ThreadReport } from '../actors/inspector/messages.ts';
import { pinnedId } from '../runtime/placement.ts';
import type { Shard } from '../runtime/shard.ts';
import { prometheus } from './prometheus.ts';

const DEADLINE_MS = 1_000;

export interface HealthRoutesOptions {
  readonly shard: Shard;
  /** Every thread of the process, services included. */
  readonly threads: readonly number[];
  readonly draining: () => boolean;
}

export function healthRoutes<App extends Elysia>(app: App, options: HealthRoutesOptions): App {
  const hidden = (summary: string) => ({ detail: { summary, tags: ['operation'] } });
  app.get('/healthz', () => Response.json({ status: 'alive' }), hidden('Whether the process answers.'));
  app.get('/readyz', () => readiness(options), hidden('Whether every thread answers and the node takes work.'));
  app.get('/metrics', () => metrics(options), hidden('Counters in the Prometheus text format.'));
  return app;
}

async function readiness(options: HealthRoutesOptions): Promise<Response> {
  const reports = await reportsOf(options);
  const silent = options.threads.filter((_, index) => reports[index] === undefined);
  const draining = options.draining();
  const ready = silent.length === 0 && !draining;
  const status = ready ? 'ready' : draining ? 'draining' : 'not ready';
  // A back end that is away costs only what needs it: the node goes on, and says so.
  const backEnds = reports.flatMap((report) => report?.backEnds ?? []).map(({ name, state }) => ({ name, state }));
  return Response.json({ status, silentThreads: silent, backEnds }, { status: ready ? 200 : 503 });
}

async function metrics(options: HealthRoutesOptions): Promise<Response> {
  const reports = (await reportsOf(options)).filter((report) => report !== undefined);
  return new Response(prometheus(reports), { headers: { 'content-type': 'text/plain; version=0.0.4' } });
}

function reportsOf({ shard, threads }: HealthRoutesOptions): Promise<(ThreadReport | undefined)[]> {
  return Promise.all(
    threads.map(async (thread) => {
      const reply = await shard.ask(shard.ref(inspectorKind, pinnedId(thread, 0)), { type: 'report' }, DEADLINE_MS);
      return reply.ok ? reply.value : undefined;
    }),
  );
}
