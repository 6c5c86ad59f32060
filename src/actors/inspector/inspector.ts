/**
 * The inspector of one thread: says how its actors are, all together, in a list, or one by one.
 *
 * Reads the shard's counters and its actors' summaries. Nothing of its own, nothing to survive.
 */
import type { Context } from '../../runtime/context.ts';
import { hashOf } from '../../runtime/hash.ts';
import type { Behaviour } from '../../runtime/kind.ts';
import type { KindEntry } from '../../runtime/kind-entry.ts';
import type { Shard } from '../../runtime/shard.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import type { Sample } from '../../storage/ports/sample.ts';
import type { ActorLine, InspectorMessage, KindReport, ThreadReport } from './messages.ts';

/** What the thread knows beside its actors. */
export interface ThreadFacts {
  sockets(): number;
  backEnds(): readonly BackEndReport[];
  samples(): readonly Sample[];
}

export function inspector(shard: Shard, facts: ThreadFacts): Behaviour<InspectorMessage> {
  return (context: Context<InspectorMessage>) => ({
    receive(message) {
      switch (message.type) {
        case 'report':
          return context.reply(reportOf(shard, facts));
        case 'list':
          return context.reply(listOf(entryOf(shard, message.kind), message.limit));
        case 'look':
          return context.reply(
            entryOf(shard, message.kind)?.cells.get(message.id, hashOf(message.id))?.summary() ?? null,
          );
      }
    },
  });
}

function entryOf(shard: Shard, kind: string): KindEntry | undefined {
  for (const entry of shard.kinds()) if (entry.kind.name === kind) return entry;
  return undefined;
}

/** A kind may have a million actors: only the deepest `limit` are described. */
function listOf(entry: KindEntry | undefined, limit: number): ActorLine[] {
  const cells = (entry?.cells.list() ?? []).sort((a, b) => b.depth - a.depth).slice(0, limit);
  return cells.map((cell) => {
    const { status, depth, lastFailures } = cell.summary();
    return { id: cell.self.id, status, depth, failures: lastFailures.length };
  });
}

function reportOf(shard: Shard, facts: ThreadFacts): ThreadReport {
  return {
    thread: shard.thread,
    kinds: [...shard.kinds()].map(kindReportOf),
    pendingAsks: shard.pendingAsks,
    pendingLaneBytes: shard.pendingLaneBytes,
    refusedByLanes: shard.refusedByLanes,
    deadLetters: shard.deadLetters.total,
    sockets: facts.sockets(),
    backEnds: facts.backEnds(),
    samples: facts.samples(),
  };
}

function kindReportOf({ stats }: KindEntry): KindReport {
  return {
    kind: stats.kind,
    live: stats.live,
    activations: stats.activations,
    passivations: stats.passivations,
    messages: stats.messages,
    restarts: stats.restarts,
    failures: stats.failures,
    overflows: stats.overflows,
    deadLetters: stats.deadLetters,
    mailboxHighWater: stats.mailboxHighWater,
    sampledMs: stats.sampledMs,
    sampledMessages: stats.sampledMessages,
    timeBuckets: [...stats.timeBuckets],
  };
}
