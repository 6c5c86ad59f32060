/** What the threads of storage count, as operators read it. */
import type { SpaceCounts } from '../../storage/cache/space-options.ts';
import type { Sample } from '../../storage/ports/sample.ts';

/** A figure without labels that only grows. */
export function counter(name: string, help: string, value: number): Sample {
  return { name, help, labels: {}, value };
}

const SPACE_HELP: Readonly<Record<keyof SpaceCounts, string>> = {
  nearHits: 'Answers out of memory.',
  hits: 'Answers out of the cache.',
  loads: 'Questions to the store.',
  shared: 'Readers who took part in a load of another.',
  malformed: 'Ids that cannot exist, refused at once.',
  busy: 'Loads that another node was at.',
  fellThrough: 'Loads that did not wait for another node any longer.',
  renewals: 'Loads ahead of the expiry.',
  refusedFills: 'Values not stored, since a write came in between.',
  faults: 'Operations that the cache could not carry out.',
};

export function cacheSamples(counts: Readonly<Record<string, SpaceCounts>>): Sample[] {
  return Object.entries(counts).flatMap(([space, counted]) =>
    Object.entries(SPACE_HELP).map(([what, help]) => ({
      name: `mailroom_cache_${what.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`,
      help,
      labels: { space },
      value: counted[what as keyof SpaceCounts],
    })),
  );
}
