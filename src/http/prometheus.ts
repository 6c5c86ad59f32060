/** What the threads report, in the text format that Prometheus scrapes. */
import type { KindReport, ThreadReport } from '../actors/inspector/messages.ts';
import type { BackEndReport } from '../storage/ports/back-end.ts';

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

const MICROS_PER_SECOND = 1_000_000;
const HISTOGRAM = 'mailroom_actor_message_seconds';

/** One sample a line; every metric with its help and type in front. */
export function prometheus(reports: readonly ThreadReport[]): string {
  const lines: string[] = [];
  for (const metric of THREAD_METRICS) {
    head(lines, metric);
    for (const report of reports) lines.push(`${metric[0]}{thread="${report.thread}"} ${metric[3](report)}`);
  }
  const hasBackEnds = reports.some(({ backEnds }) => backEnds.length > 0);
  for (const metric of hasBackEnds ? BACK_END_METRICS : []) {
    head(lines, metric);
    for (const { thread, backEnds } of reports) {
      for (const backEnd of backEnds) {
        lines.push(`${metric[0]}{thread="${thread}",backend="${backEnd.name}"} ${metric[3](backEnd)}`);
      }
    }
  }
  storageSamples(lines, reports);
  for (const metric of KIND_METRICS) {
    head(lines, metric);
    for (const { thread, kinds } of reports) {
      for (const kind of kinds) lines.push(`${metric[0]}{${labelsOf(thread, kind)}} ${metric[3](kind)}`);
    }
  }
  head(lines, [HISTOGRAM, 'histogram', 'Time to handle a message, of those that were sampled.']);
  for (const { thread, kinds } of reports) {
    for (const kind of kinds) if (kind.sampledMessages > 0) histogram(lines, labelsOf(thread, kind), kind);
  }
  return `${lines.join('\n')}\n`;
}

function head(lines: string[], [name, type, help]: readonly [string, string, string, ...unknown[]]): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
}

function storageSamples(lines: string[], reports: readonly ThreadReport[]): void {
  const byName = Map.groupBy(
    reports.flatMap(({ thread, samples }) => samples.map((sample) => ({ thread, sample }))),
    ({ sample }) => sample.name,
  );
  for (const [name, found] of byName) {
    head(lines, [name, name.endsWith('_total') ? 'counter' : 'gauge', found[0]?.sample.help ?? '']);
    for (const { thread, sample } of found) {
      const labels = Object.entries(sample.labels).map(([label, value]) => `,${label}="${value}"`);
      lines.push(`${name}{thread="${thread}"${labels.join('')}} ${sample.value}`);
    }
  }
}

function labelsOf(thread: number, { kind }: KindReport): string {
  return `thread="${thread}",kind="${kind}"`;
}

/** Bucket b of a report ends at 2^b µs, and the last one nowhere; those of Prometheus hold all that is below their end. */
function histogram(lines: string[], labels: string, { timeBuckets, sampledMs, sampledMessages }: KindReport): void {
  let below = 0;
  for (const [bucket, count] of timeBuckets.entries()) {
    below += count;
    const end = bucket === timeBuckets.length - 1 ? '+Inf' : 2 ** bucket / MICROS_PER_SECOND;
    lines.push(`${HISTOGRAM}_bucket{${labels},le="${end}"} ${below}`);
  }
  lines.push(`${HISTOGRAM}_sum{${labels}} ${sampledMs / 1_000}`, `${HISTOGRAM}_count{${labels}} ${sampledMessages}`);
}
