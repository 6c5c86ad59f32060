/** Runs the counter on the real clock: `bun examples/actor/main.ts`. */
import { realHost } from '../../src/app/host.ts';
import { laneCodec } from '../../src/app/lane-codec.ts';
import { evenPlacement } from '../../src/runtime/placement.ts';
import { Shard } from '../../src/runtime/shard.ts';
import { counter, counterKind, memoryStore, storeKind } from './counter.ts';

const saved = new Map([['visits', 40]]);
const shard = new Shard({
  thread: 0,
  host: realHost,
  log: { warn: (text, fields) => console.warn(text, fields), error: (text, fields) => console.error(text, fields) },
  placement: evenPlacement(1),
  codec: laneCodec,
});
shard.register(counterKind, counter);
shard.register(storeKind, memoryStore(saved));

const visits = shard.ref(counterKind, 'visits');
shard.tell(visits, { type: 'add', by: 2 });
console.log('value:', await shard.ask(visits, { type: 'get' }, 1_000));
console.log('actors left:', await shard.stopKinds(['counter'], 1_000));
console.log('saved:', saved.get('visits'));
shard.shutdown();
