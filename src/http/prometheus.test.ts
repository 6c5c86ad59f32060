import { describe, expect, test } from 'bun:test';
import type { KindReport, ThreadReport } from '../actors/inspector/messages.ts';
import { KindStats } from '../runtime/stats.ts';
import { prometheus } from './prometheus.ts';

/** A report of one kind, of whose messages some took so many milliseconds each. */
function reportOf(thread: number, kind: string, samples: readonly (readonly [elapsedMs: number, messages: number])[]) {
  const stats = new KindStats(kind);
  for (const [elapsedMs, messages] of samples) stats.sample(elapsedMs, messages);
  const kindReport: KindReport = { ...stats, timeBuckets: [...stats.timeBuckets] };
  const counters = { pendingAsks: 0, pendingLaneBytes: 0, refusedByLanes: 0, deadLetters: 0, sockets: 0 };
  return { thread, kinds: [kindReport], backEnds: [], samples: [], ...counters } satisfies ThreadReport;
}

function samplesOf(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(name));
}

describe('metrics', () => {
  test('[INSP4] time per message is a histogram of each kind and thread: cumulative, in seconds, up to +Inf', () => {
    const text = prometheus([
      reportOf(0, 'room', [
        [0.004, 8], // half a µs each
        [0.003, 1], // 3 µs
        [10_000, 1], // longer than the last bucket with an end
      ]),
      reportOf(1, 'room', [[1, 1]]),
    ]);
    expect(text).toContain('# TYPE mailroom_actor_message_seconds histogram\n');
    const buckets = samplesOf(text, 'mailroom_actor_message_seconds_bucket{thread="0",kind="room",');
    expect(buckets).toHaveLength(24);
    const at = (le: string): string | undefined => buckets.find((line) => line.includes(`le="${le}"`))?.split(' ')[1];
    expect([at('0.000001'), at('0.000002'), at('0.000004'), at('4.194304'), at('+Inf')]).toEqual([
      '8',
      '8',
      '9',
      '9',
      '10',
    ]);
    expect(buckets.at(-1)).toContain('+Inf');
    expect(text).toContain('mailroom_actor_message_seconds_count{thread="0",kind="room"} 10\n');
    expect(text).toContain('mailroom_actor_message_seconds_sum{thread="0",kind="room"} 10.000007\n');
    expect(text).toContain('mailroom_actor_message_seconds_bucket{thread="1",kind="room",le="0.001024"} 1\n');
  });

  test('[INSP4] a kind of which no message was sampled has no histogram', () => {
    const text = prometheus([reportOf(0, 'quiet', [])]);
    expect(text).toContain('mailroom_actor_messages_total{thread="0",kind="quiet"} 0\n');
    expect(samplesOf(text, 'mailroom_actor_message_seconds')).toEqual([]);
  });

  test('[INSP5] what storage counts is printed by name, with its labels, once explained', () => {
    const sample = { name: 'mailroom_log_lag_seconds', help: 'How far behind.' };
    const text = prometheus([
      {
        ...reportOf(3, 'quiet', []),
        samples: [0, 1].map((n) => ({ ...sample, labels: { partition: `${n}` }, value: n })),
      },
      {
        ...reportOf(4, 'quiet', []),
        samples: [{ name: 'mailroom_cache_hits_total', help: 'Hits.', labels: {}, value: 7 }],
      },
    ]);
    expect(text).toContain(
      '# HELP mailroom_log_lag_seconds How far behind.\n# TYPE mailroom_log_lag_seconds gauge\n' +
        'mailroom_log_lag_seconds{thread="3",partition="0"} 0\nmailroom_log_lag_seconds{thread="3",partition="1"} 1\n',
    );
    expect(text).toContain('# TYPE mailroom_cache_hits_total counter\nmailroom_cache_hits_total{thread="4"} 7\n');
  });
});
