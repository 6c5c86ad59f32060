/** Faults to plant, one at a time, in a copy of the engine: the simulation must find each of them. */

export interface Mutation {
  readonly name: string;
  /** Below the checkout. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** First seed to try, where the fault shows seldom. */
  readonly fromSeed?: number;
  /** It shows between nodes: every seed runs several. */
  readonly manyNodes?: boolean;
}

const STREAM = 'src/actors/room/ordered-stream.ts';
const FANOUT = 'src/actors/fanout/fanout.ts';
const BATCH_LINK = 'src/runtime/lanes/batch-link.ts';
const LOG_WRITER = 'src/actors/storage/log-writer.ts';

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a post is answered before it is durable',
    file: STREAM,
    find: '    this.#inFlight.push(entry);\n',
    replace:
      '    this.#inFlight.push(entry);\n    for (const waiter of waiters) waiter.replyTo.settle({ seq, at }, undefined);\n',
  },
  {
    name: 'nonces are not loaded when a room comes back',
    file: 'src/actors/room/senders.ts',
    find: 'this.#rules.head === 0 && !this.#hasForgotten ? new NonceWindow([]) : undefined',
    replace: 'new NonceWindow([])',
  },
  {
    name: 'seqs are not given back when the log refuses',
    file: STREAM,
    find: '    this.#next = entry.seq;\n',
    replace: '',
  },
  {
    name: 'every append claims to be the first',
    file: STREAM,
    find: '    const first = this.#first;\n',
    replace: '    const first = true;\n',
  },
  {
    name: 'posts that waited for nonces are taken in the wrong order',
    file: STREAM,
    find: '      const [first] = sender.stashed;\n',
    replace: '      sender.stashed.reverse();\n      const [first] = sender.stashed;\n',
  },
  {
    name: 'a refused append leaves those before it in doubt',
    file: STREAM,
    find: "    if (this.#inFlight[0] !== entry) throw new Error('the log answered out of order');\n    this.#giveUpFrom(entry);",
    replace: '    this.#giveUpFrom(this.#inFlight[0] ?? entry);',
    fromSeed: 660,
  },
  {
    name: 'a room opens without waiting for its barrier',
    file: 'src/actors/room/room.ts',
    find: '    if (position <= this.#home.watermark.position) this.#load();',
    replace: '    if (position >= 0) this.#load();',
    fromSeed: 240,
  },
  {
    name: 'a log writer that comes back knows of nothing in the log',
    file: LOG_WRITER,
    find: '?.position ?? this.#unknown;',
    replace: '?.position ?? 0;',
    fromSeed: 240,
  },
  {
    name: 'what gathered on top of a failed group is written',
    file: LOG_WRITER,
    find: '    const onTop = this.#group.filter(isOnTop);\n',
    replace: '    streams.clear();\n    const onTop = this.#group.filter(isOnTop);\n',
  },
  {
    name: 'the log is trimmed beyond what the store has',
    file: 'src/actors/storage/persister.ts',
    find: '      const report = await store.insert({ ...batch, mentionsOf });',
    replace:
      '      await log.trim(batch.position);\n      const report = await store.insert({ ...batch, mentionsOf });',
  },
  {
    name: 'a batch is lost on a lane',
    file: 'src/runtime/lanes/outgoing-lane.ts',
    find: '    if (pending.length === 0) return true;\n',
    replace:
      '    if (pending.length === 0) return true;\n    if (pending.length > 300 && pending.length % 5 === 0) pending.consume(pending.length);\n    if (pending.length === 0) return true;\n',
  },
  {
    name: 'a thread that attaches again does not catch up',
    file: 'src/actors/fanout/fills.ts',
    find: '    if (topic.seq < seq || topic.change < topic.knownChange) this.fill(topic);\n',
    replace: '    topic.seq = Math.max(topic.seq, seq);\n',
  },
  {
    name: 'a hole in what is delivered is not noticed',
    file: FANOUT,
    find: '    if (seq > topic.seq + 1) return this.#fills.fill(topic);\n',
    replace: '',
  },
  {
    name: 'a removal forgets to unsubscribe',
    file: FANOUT,
    find: '    if (live) this.#options.sockets.unsubscribe(session, room);\n',
    replace: '    if (live && session < 0) this.#options.sockets.unsubscribe(session, room);\n',
  },
  {
    name: 'a client that resumes misses one message',
    file: 'src/actors/session/hello.ts',
    find: '{ seq: Math.min(seq, view.seq), change: Math.min(change, view.change) }',
    replace: '{ seq: Math.min(seq + 1, view.seq), change: Math.min(change, view.change) }',
  },
  {
    name: 'a doubled batch runs twice',
    file: BATCH_LINK,
    find: '    if (number <= this.#received) {\n',
    replace: '    if (number < this.#received) {\n',
    manyNodes: true,
  },
  {
    name: 'a late batch is accepted',
    file: BATCH_LINK,
    find: '    if (number <= this.#received) {\n',
    replace: '    if (number === this.#received) {\n',
    manyNodes: true,
  },
  {
    name: 'a batch needs the one before it to be understood',
    file: 'src/runtime/lanes/outgoing-lane.ts',
    find: '    for (const ref of this.#named) if (ref !== undefined) ref.laneId = -1;\n    this.#named.length = 0;\n    this.#nextLaneId = 0;\n',
    replace: '',
    manyNodes: true,
  },
  {
    name: 'a lost removal is not noticed',
    file: FANOUT,
    find: '    if (version <= topic.version) return true;\n',
    replace: '    if (version <= Number.POSITIVE_INFINITY) return true;\n',
    manyNodes: true,
  },
  {
    name: 'a lost last message is never noticed',
    file: 'src/actors/room/ledger.ts',
    find: '      if (seq === topic.seq && change === topic.change && version === topic.version) return [];\n',
    replace: '      if (version === topic.version) return [];\n',
    manyNodes: true,
  },
  {
    name: 'a lost unsubscribe is never noticed',
    file: 'src/actors/room/delivery.ts',
    find: '      if (endMs <= now) this.#entry.leases.delete(thread);\n      else this',
    replace: '      if (endMs <= 0) this.#entry.leases.delete(thread);\n      else this',
    manyNodes: true,
  },
  {
    name: 'a session that its user has forgotten stays forgotten',
    file: 'src/actors/session/session.ts',
    find: '    this.#attachAgain();\n',
    replace: '',
    manyNodes: true,
  },
];
