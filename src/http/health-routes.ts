/** For operators: whether the node lives, whether it is ready, and what it counts. */
import type { Elysia } from 'elysia';
import { inspectorKind, type KindReport, type ThreadReport } from '../actors/inspector/messages.ts';
import { pinnedId } from '../runtime/placement.ts';
import type { Shard } from '../runtime/shard.ts';
import type { BackEndReport } from '../storage/ports/back-end.ts';

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

type Metric<T> = readonly [name: string, type: 'counter' | 'gauge', help: string, value: (from: T) => number];

const KIND_METRICS: readonly Metric<KindReport>[] = [
  ['mailroom_actors_live', 'gauge', 'Active actors.', (kind) => kind.live],
  ['mailroom_actor_activations_total', 'counter', 'Actors made active.', (kind) => kind.activations],
  ['mailroom_actor_messages_total', 'counter', 'Messages handled.', (kind) => kind.messages],
  ['mailroom_actor_restarts_total', 'counter', 'Actors restarted after a failure.', (kind) => kind.restarts],
  ['mailroom_actor_failures_total', 'counter', 'Handlers that threw.', (kind) => kind.failures],
  [
    'mailroom_mailbox_overflows_total',
    'counter',
    'Messages refused or dropped by full mailboxes.',
    (kind) => kind.overflows,
  ],
  [
    'mailroom_mailbox_high_water',
    'gauge',
    'Most messages that waited in one mailbox.',
    (kind) => kind.mailboxHighWater,
  ],
  [
    'mailroom_actor_sampled_seconds_total',
    'counter',
    'Time of the sampled messages.',
    (kind) => kind.sampledMs / 1_000,
  ],
  [
    'mailroom_actor_sampled_messages_total',
    'counter',
    'Messages whose time was sampled.',
    (kind) => kind.sampledMessages,
  ],
];

const THREAD_METRICS: readonly Metric<ThreadReport>[] = [
  ['mailroom_sockets', 'gauge', 'Open sockets.', (thread) => thread.sockets],
  ['mailroom_asks_pending', 'gauge', 'Asks that wait for their answer.', (thread) => thread.pendingAsks],
  ['mailroom_lane_pending_bytes', 'gauge', 'Bytes that wait for credit.', (thread) => thread.pendingLaneBytes],
  [
    'mailroom_lane_refusals_total',
    'counter',
    'Messages refused for want of credit.',
    (thread) => thread.refusedByLanes,
  ],
  ['mailroom_dead_letters_total', 'counter', 'Messages that reached nobody.', (thread) => thread.deadLetters],
];

/** `mailroom_back_end_up` is what to alert on. */
const BACK_END_METRICS: readonly Metric<BackEndReport>[] = [
  [
    'mailroom_back_end_up',
    'gauge',
    '1 while the back end answers.',
    ({ state }) => (state === 'ready' || state === 'degraded' ? 1 : 0),
  ],
  ['mailroom_back_end_failures_total', 'counter', 'Calls that found it away.', (backEnd) => backEnd.failures],
  ['mailroom_back_end_refusals_total', 'counter', 'Calls refused without asking it.', (backEnd) => backEnd.refused],
  ['mailroom_back_end_in_flight', 'gauge', 'Calls under way.', (backEnd) => backEnd.inFlight],
  ['mailroom_back_end_waiting', 'gauge', 'Calls that wait for their turn.', (backEnd) => backEnd.waiting],
];

function prometheus(reports: readonly ThreadReport[]): string {
  const lines: string[] = [];
  const write = ([name, type, help]: Metric<never>, samples: readonly string[]): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples);
  };
  for (const metric of THREAD_METRICS) {
    write(
      metric,
      reports.map((report) => `${metric[0]}{thread="${report.thread}"} ${metric[3](report)}`),
    );
  }
  for (const metric of BACK_END_METRICS) {
    const samples = reports.flatMap((report) =>
      report.backEnds.map(
        (backEnd) => `${metric[0]}{thread="${report.thread}",backend="${backEnd.name}"} ${metric[3](backEnd)}`,
      ),
    );
    if (samples.length > 0) write(metric, samples);
  }
  for (const metric of KIND_METRICS) {
    const samples = reports.flatMap((report) =>
      report.kinds.map((kind) => `${metric[0]}{thread="${report.thread}",kind="${kind.kind}"} ${metric[3](kind)}`),
    );
    write(metric, samples);
  }
  return `${lines.join('\n')}\n`;
}
