/**
 * Posting through the real broker: acknowledged posts a second of 1,000 clients against single confirms of a bare loop, and the
 * time to the answer at a fixed rate. The log is in RabbitMQ; records and the message store are embedded.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect } from 'amqplib';
import { amqpNames } from '../../src/storage/amqp/names.ts';
import { startServer } from '../../test/support/server.ts';
import { type AnyBench, anyBench, type Bench } from '../lib/command.ts';
import { runLoad } from '../lib/load.ts';
import { sumLosses } from '../lib/losses.ts';
import { figure, table } from '../lib/report.ts';
import { median, round } from '../lib/stats.ts';
import { seedWorld, type World } from '../lib/world.ts';
import type { PostingResult } from '../load/posting.ts';
import { amqpUrl } from './amqp-url.ts';
import type { ConfirmsResult } from './confirms.ts';
import type { OpenLoopResult, RateResult } from './open-loop.ts';

const defaults = { rooms: 500, members: 2, rounds: 3, seconds: 4, warmSeconds: 2, bytes: 128, threads: 1, rate: 4_000 };
const PARTITIONS = 8;
/** A rate is carried if its posts are answered as they fall due, and not ever later. */
const CARRIED = 0.97;
const CARRIED_P99_MS = 1_000;

const bench: Bench<typeof defaults> = {
  does: 'with --backends: posts through RabbitMQ, against single confirms of bare amqplib',
  defaults,
  help: {
    rooms: 'rooms',
    members: 'sockets in each, each of a user of its own, with one post under way each',
    rounds: 'times that both sides are measured, in turn',
    seconds: 'seconds that are measured',
    warmSeconds: 'seconds before that',
    bytes: 'size of a body',
    threads: 'shards of the engine',
    rate: 'posts a second of the open loop; halved until it is carried',
  },
  async run(options, say) {
    const url = amqpUrl();
    if (url === undefined) {
      say(
        'RABBITMQ IS MISSING: npm run services -- up rabbitmq, and eval "$(npm run -s services -- env)". No figures.',
      );
      return { postsVsSingleConfirms: null, postAckP99Ms: null, postRate: null, ...sumLosses([]) };
    }
    using world = seedWorld(options.rooms, options.members);
    const ratios: { single: number; pipelined: number; posts: number; confirms: number }[] = [];
    const losses: { lost: number; duplicated: number; reordered: number }[] = [];
    for (let each = 1; each <= options.rounds; each++) {
      const confirms = await runLoad<ConfirmsResult>('../post/confirms', {
        url,
        bytes: options.bytes + 150,
        seconds: options.seconds,
        underWay: options.rooms * options.members,
      });
      const closed = await withEngine(world, url, options.threads, (engine) => closedLoop(world, engine, options));
      losses.push(closed);
      const posts = (closed.phases[0]?.posts ?? 0) / (closed.phases[0]?.seconds ?? Number.NaN);
      const { singlePerSecond, pipelinedPerSecond } = confirms;
      ratios.push({
        posts,
        confirms: singlePerSecond,
        single: posts / singlePerSecond,
        pipelined: posts / pipelinedPerSecond,
      });
      const texts = [posts, singlePerSecond, pipelinedPerSecond].map(figure);
      say(`round ${each}: ${texts[0]} posts/s; bare confirms ${texts[1]}/s one by one, ${texts[2]}/s pipelined`);
    }
    const open = await carriedRate(world, url, options, say);
    losses.push(...open.losses);
    const of = (key: 'single' | 'pipelined' | 'posts' | 'confirms'): number =>
      round(median(ratios.map((ratio) => ratio[key])));
    const { lost, duplicated, reordered } = sumLosses(losses);
    say(
      table(
        ['', 'mailroom', 'bare amqplib', 'ratio'],
        [['acknowledged/s', figure(of('posts')), figure(of('confirms')), figure(of('single'))]],
      ),
    );
    return {
      postsVsSingleConfirms: of('single'),
      postsVsPipelinedConfirms: of('pipelined'),
      postsPerSecond: of('posts'),
      singleConfirmsPerSecond: of('confirms'),
      postRate: open.carried?.rate ?? null,
      postAckP50Ms: open.carried === undefined ? null : round(open.carried.ackP50Ms),
      postAckP99Ms: open.carried === undefined ? null : round(open.carried.ackP99Ms),
      lost,
      duplicated,
      repeated: duplicated,
      reordered,
    };
  },
};

const AS_NUMBERS = anyBench(bench);

/** `--backends` asks for what is the only way of this bench, so that its name says what it needs. */
export const post: AnyBench = {
  ...AS_NUMBERS,
  start: (args, say) =>
    AS_NUMBERS.start(
      args.filter((arg) => arg !== '--backends'),
      say,
    ),
};

interface Engine {
  readonly port: number;
  readonly pid: number;
}

/** An engine of its own, on a log of its own, which is deleted with it. */
async function withEngine<R>(
  world: World,
  url: string,
  threads: number,
  work: (engine: Engine) => Promise<R>,
): Promise<R> {
  const dataDir = world.dataDir();
  const namespace = `mailroom-bench-${randomBytes(6).toString('hex')}`;
  const server = await startServer({
    dataDir,
    env: {
      MAILROOM_AMQP_URL: url,
      MAILROOM_NAMESPACE: namespace,
      MAILROOM_LOG_PARTITIONS: String(PARTITIONS),
      MAILROOM_THREADS: String(threads),
      MAILROOM_MAX_SOCKETS_PER_USER: '100000',
      MAILROOM_LOG_LEVEL: 'warn',
    },
  });
  try {
    return await work({ port: Number(new URL(server.url).port), pid: server.pid });
  } finally {
    if (server.errors() !== '') process.stderr.write(`the engine wrote:\n${server.errors()}\n`);
    await server.kill();
    rmSync(dataDir, { recursive: true, force: true });
    await forget(url, namespace);
  }
}

async function closedLoop(world: World, engine: Engine, options: typeof defaults): Promise<PostingResult> {
  return await runLoad<PostingResult>('posting', {
    target: 'mailroom',
    port: engine.port,
    serverPid: engine.pid,
    rooms: world.rooms,
    payloadBytes: options.bytes,
    phases: [{ outstanding: options.members }],
    warmSeconds: options.warmSeconds,
    seconds: options.seconds,
  });
}

interface Carried {
  readonly carried: RateResult | undefined;
  readonly losses: readonly OpenLoopResult[];
}

/** The highest of the rates, from the one asked for downwards, that is carried. */
async function carriedRate(
  world: World,
  url: string,
  options: typeof defaults,
  say: (line: string) => void,
): Promise<Carried> {
  const { threads, bytes: payloadBytes, warmSeconds, seconds } = options;
  const losses: OpenLoopResult[] = [];
  for (let rate = options.rate; rate >= options.rate / 8; rate /= 2) {
    const plan = { rooms: world.rooms, payloadBytes, rates: [rate], warmSeconds, seconds };
    const result = await withEngine(world, url, threads, ({ port }) => {
      return runLoad<OpenLoopResult>('../post/open-loop', { port, ...plan });
    });
    losses.push(result);
    const [found] = result.rates;
    if (found === undefined) break;
    const { answered, ackP50Ms, ackP99Ms } = found;
    say(
      `${figure(rate)} posts/s due, ${figure(answered)} answered: p50 ${figure(ackP50Ms)} ms, p99 ${figure(ackP99Ms)} ms`,
    );
    if (answered >= rate * CARRIED && ackP99Ms <= CARRIED_P99_MS && result.unanswered === 0)
      return { carried: found, losses };
  }
  return { carried: undefined, losses };
}

async function forget(url: string, namespace: string): Promise<void> {
  const names = amqpNames(namespace);
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (let partition = 0; partition < PARTITIONS; partition += 1)
    await channel.deleteQueue(names.logPartition(partition));
  await channel.deleteQueue(names.deadLetters);
  for (const exchange of [names.log, names.events]) await channel.deleteExchange(exchange);
  await connection.close();
}
