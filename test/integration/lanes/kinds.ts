/** What the threads of the test say to one another. */
import type { Context } from '../../../src/runtime/context.ts';
import { type Actor, defineKind } from '../../../src/runtime/kind.ts';
import type { Request } from '../../../src/runtime/reply.ts';

export type Tally = { readonly count: number; readonly last: number; readonly ordered: boolean };

export type SinkMessage =
  | { readonly type: 'note'; readonly n: number; readonly text: string }
  /** Blocks the whole thread, as a runaway loop would, until the gate opens. */
  | { readonly type: 'block' }
  | ({ readonly type: 'tally' } & Request<Tally>);

export const sinkKind = defineKind<SinkMessage>({
  name: 'sink',
  placement: 'pinned',
  mailbox: { capacity: 1_000_000 },
});

/** `gate` is a word that all threads share: 0 while it is shut. */
export function sink(context: Context<SinkMessage>, gate: Int32Array): Actor<SinkMessage> {
  let count = 0;
  let last = -1;
  let ordered = true;
  return {
    receive(message) {
      switch (message.type) {
        case 'note':
          ordered &&= message.n > last;
          last = message.n;
          count += 1;
          return;
        case 'block':
          Atomics.wait(gate, 0, 0);
          return;
        case 'tally':
          return context.reply({ count, last, ordered } satisfies Tally);
      }
    },
  };
}
