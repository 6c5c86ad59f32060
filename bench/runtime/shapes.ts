/**
 * The shapes of the actor bench on this project's runtime, as production has them: bounded mailboxes, supervision,
 * counters, the real clock. `shapes.ts SHAPE SIZE` runs one of them and prints what came of it as JSON.
 */
import { heapStats } from 'bun:jsc';
import { realHost } from '../../src/app/host.ts';
import { laneCodec } from '../../src/app/lane-codec.ts';
import type { Context } from '../../src/runtime/context.ts';
import { type Actor, defineKind } from '../../src/runtime/kind.ts';
import { evenPlacement } from '../../src/runtime/placement.ts';
import type { Ref } from '../../src/runtime/ref.ts';
import type { Request } from '../../src/runtime/reply.ts';
import { Shard } from '../../src/runtime/shard.ts';

export interface ShapeResult {
  readonly perSecond?: number;
  readonly bytes?: number;
  readonly residentBytes?: number;
}

const log = {
  warn: (text: string, fields: object) => process.stderr.write(`${text} ${JSON.stringify(fields)}\n`),
  error: (text: string, fields: object) => process.stderr.write(`${text} ${JSON.stringify(fields)}\n`),
};
const shard = new Shard({ thread: 0, host: realHost, log, placement: evenPlacement(1), codec: laneCodec });
let finish: () => void = () => undefined;
const done = (): Promise<void> =>
  new Promise((resolve) => {
    finish = resolve;
  });

// ── tell: one actor to another ───────────────────────────────────────────────────────────────────────────────────────

interface Count {
  readonly type: 'count';
}
interface Go {
  readonly type: 'go';
}
const COUNT: Count = { type: 'count' };
const GO: Go = { type: 'go' };
const sinkKind = defineKind<Count>({ name: 'sink' });
const sourceKind = defineKind<Go>({ name: 'source' });
let counted = 0;
let wanted = 0;
/** Actors of the warm-up and of the measured run have names of their own. */
let pass = 'warm';

class Sink implements Actor<Count> {
  received = 0;

  receive(): void {
    this.received += 1;
    counted += 1;
    if (counted === wanted) finish();
  }
}

class Source implements Actor<Go> {
  readonly #context: Context<Go>;
  readonly #sink: Ref<Count>;
  #left = wanted;

  constructor(context: Context<Go>) {
    this.#context = context;
    this.#sink = context.ref(sinkKind, pass);
  }

  /**
   * Until the mailbox is full, and on once the receiver had its turns. A source that tells itself to go on would be asked
   * again in the same turn and be refused as often as it is heard.
   */
  receive(): void {
    while (this.#left > 0 && this.#context.tell(this.#sink, COUNT)) this.#left -= 1;
    if (this.#left > 0) this.#context.endOfSlice(() => this.receive());
  }
}

async function tell(messages: number): Promise<ShapeResult> {
  counted = 0;
  wanted = messages;
  return await timed(messages, () => shard.tell(shard.ref(sourceKind, pass), GO));
}

// ── tell in batches: the receiver asks for the next one ──────────────────────────────────────────────────────────────

const BATCH = 1_000;
const batchSourceKind = defineKind<Go>({ name: 'batch-source' });
const batchSinkKind = defineKind<Count>({ name: 'batch-sink' });

class BatchSource implements Actor<Go> {
  readonly #context: Context<Go>;
  readonly #sink: Ref<Count>;
  #left = wanted;

  constructor(context: Context<Go>) {
    this.#context = context;
    this.#sink = context.ref(batchSinkKind, pass);
  }

  receive(): void {
    const batch = Math.min(BATCH, this.#left);
    for (let sent = 0; sent < batch; sent++) this.#context.tell(this.#sink, COUNT);
    this.#left -= batch;
  }
}

class BatchSink implements Actor<Count> {
  readonly #context: Context<Count>;
  readonly #source: Ref<Go>;
  #received = 0;

  constructor(context: Context<Count>) {
    this.#context = context;
    this.#source = context.ref(batchSourceKind, pass);
  }

  receive(): void {
    this.#received += 1;
    if (this.#received === wanted) finish();
    else if (this.#received % BATCH === 0) this.#context.tell(this.#source, GO);
  }
}

async function tellInBatches(messages: number): Promise<ShapeResult> {
  wanted = messages;
  return await timed(messages, () => shard.tell(shard.ref(batchSourceKind, pass), GO));
}

// ── ping-pong: one message to and fro ────────────────────────────────────────────────────────────────────────────────

interface Ball {
  readonly type: 'ball';
  readonly left: number;
}
const playerKind = defineKind<Ball>({ name: 'player' });

class Player implements Actor<Ball> {
  readonly #context: Context<Ball>;
  readonly #other: Ref<Ball>;

  constructor(context: Context<Ball>) {
    this.#context = context;
    this.#other = context.ref(playerKind, context.self.id === 'a' ? 'b' : 'a');
  }

  receive({ left }: Ball): void {
    if (left === 0) finish();
    else this.#context.tell(this.#other, { type: 'ball', left: left - 1 });
  }
}

async function pingPong(messages: number): Promise<ShapeResult> {
  return await timed(messages, () => shard.tell(shard.ref(playerKind, 'a'), { type: 'ball', left: messages }));
}

// ── many actors, 20 messages each; spawning them; what they weigh ────────────────────────────────────────────────────

const MESSAGES_EACH = 20;

interface Round {
  readonly type: 'round';
}
const driverKind = defineKind<Round>({ name: 'driver' });
let refs: Ref<Count>[] = [];

class Driver implements Actor<Round> {
  readonly #context: Context<Round>;
  #place = 0;
  #left = MESSAGES_EACH;

  constructor(context: Context<Round>) {
    this.#context = context;
  }

  /** A thousand in one turn, so that it is one actor among others. */
  receive(): void {
    const end = Math.min(refs.length, this.#place + 1_000);
    for (let index = this.#place; index < end; index++) this.#context.tell(refs[index] as Ref<Count>, COUNT);
    this.#place = end === refs.length ? 0 : end;
    if (this.#place === 0) this.#left -= 1;
    if (this.#left > 0) this.#context.tell(this.#context.self, { type: 'round' });
  }
}

async function manyActors(actors: number): Promise<ShapeResult> {
  refs = Array.from({ length: actors }, (_, index) => shard.ref(sinkKind, `${pass}-m${index}`));
  await spawnAll(refs);
  counted = 0;
  wanted = actors * MESSAGES_EACH;
  return await timed(wanted, () => shard.tell(shard.ref(driverKind, pass), { type: 'round' }));
}

const NAMES_EACH_TURN = 256;
const spawnerKind = defineKind<Go>({ name: 'spawner' });

class Spawner implements Actor<Go> {
  readonly #context: Context<Go>;
  #next = 0;

  constructor(context: Context<Go>) {
    this.#context = context;
  }

  /** Some in one turn, so that it is one actor among others. */
  receive(): void {
    const end = Math.min(wanted, this.#next + NAMES_EACH_TURN);
    for (; this.#next < end; this.#next++) {
      this.#context.tell(this.#context.ref(sinkKind, `${pass}-s${this.#next}`), COUNT);
    }
    if (end < wanted) this.#context.tell(this.#context.self, GO);
  }
}

/** A name is made, its actor activated by its first message, and the message handled. */
async function spawn(actors: number): Promise<ShapeResult> {
  counted = 0;
  wanted = actors;
  return await timed(actors, () => shard.tell(shard.ref(spawnerKind, pass), GO));
}

async function spawnAll(all: readonly Ref<Count>[]): Promise<void> {
  counted = 0;
  wanted = all.length;
  const handled = done();
  for (const ref of all) shard.tell(ref, COUNT);
  await handled;
}

/** Active actors that have handled a message and wait for the next; the sweep has taken their mailboxes back. */
async function idleActor(actors: number): Promise<ShapeResult> {
  const before = weighed();
  const residentBefore = process.memoryUsage.rss();
  counted = 0;
  wanted = actors;
  const handled = done();
  for (let index = 0; index < actors; index++) shard.tell(shard.ref(sinkKind, `${pass}-i${index}`), COUNT);
  await handled;
  await Bun.sleep(2_500);
  const bytes = (weighed() - before) / actors;
  return { bytes, residentBytes: (process.memoryUsage.rss() - residentBefore) / actors };
}

function weighed(): number {
  Bun.gc(true);
  const { heapSize, extraMemorySize } = heapStats();
  return heapSize + extraMemorySize;
}

// ── asks: 64 under way ───────────────────────────────────────────────────────────────────────────────────────────────

interface Question extends Request<number> {
  readonly type: 'question';
}
const answererKind = defineKind<Question>({ name: 'answerer' });
const askerKind = defineKind<Go>({ name: 'asker' });
const ASKS_UNDER_WAY = 64;
const ASK_DEADLINE_MS = 5_000;

class Asker implements Actor<Go> {
  readonly #context: Context<Go>;
  readonly #answerer: Ref<Question>;
  #toAsk = wanted;
  #open = wanted;

  constructor(context: Context<Go>) {
    this.#context = context;
    this.#answerer = context.ref(answererKind, pass);
  }

  receive(): void {
    for (let count = 0; count < ASKS_UNDER_WAY; count++) this.#ask();
  }

  #ask(): void {
    if (this.#toAsk === 0) return;
    this.#toAsk -= 1;
    this.#context.ask(this.#answerer, { type: 'question' }, ASK_DEADLINE_MS, (reply) => {
      if (!reply.ok) throw new Error(`an ask failed: ${reply.fault.code}`);
      this.#open -= 1;
      if (this.#open === 0) finish();
      else this.#ask();
    });
  }
}

async function asks(count: number): Promise<ShapeResult> {
  wanted = count;
  return await timed(count, () => shard.tell(shard.ref(askerKind, pass), GO));
}

// ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────────

async function timed(count: number, start: () => void): Promise<ShapeResult> {
  const finished = done();
  const startMs = performance.now();
  start();
  await finished;
  return { perSecond: (count / (performance.now() - startMs)) * 1000 };
}

shard.register(sinkKind, () => new Sink());
shard.register(sourceKind, (context) => new Source(context));
shard.register(batchSourceKind, (context) => new BatchSource(context));
shard.register(batchSinkKind, (context) => new BatchSink(context));
shard.register(spawnerKind, (context) => new Spawner(context));
shard.register(playerKind, (context) => new Player(context));
shard.register(driverKind, (context) => new Driver(context));
shard.register(answererKind, (context) => ({ receive: () => context.reply(1) }));
shard.register(askerKind, (context) => new Asker(context));

const SHAPES = { tell, tellInBatches, pingPong, manyActors, spawn, idleActor, asks } as const;
export type Shape = keyof typeof SHAPES;

const [shape = '', size = ''] = process.argv.slice(2);
if (!Object.hasOwn(SHAPES, shape)) throw new Error(`there is no shape '${shape}'`);
const measure = SHAPES[shape as Shape];
// A server has run for a while: what is compiled while it runs is compiled. Bytes are weighed without this.
if (shape !== 'idleActor') await measure(Math.ceil(Number(size) / 5));
pass = 'measured';
process.stdout.write(JSON.stringify(await measure(Number(size))));
process.exit(0);
