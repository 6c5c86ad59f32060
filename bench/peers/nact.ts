/** The shapes of the actor bench on the npm package `nact`, which is for Node; here it runs on Bun. */
import { dispatch, spawn, start, stop } from 'nact';

const system = start();

function tell(messages: number): Promise<void> {
  return new Promise((resolve) => {
    const sink = spawn(system, (count = 0) => {
      if (count + 1 === messages) resolve();
      return count + 1;
    });
    for (let index = 0; index < messages; index++) dispatch(sink, 1);
  });
}

function pingPong(messages: number): Promise<void> {
  return new Promise((resolve) => {
    const player = (other: () => ReturnType<typeof spawn>) =>
      spawn(system, (state = 0, left: number) => {
        if (left === 0) resolve();
        else dispatch(other(), left - 1);
        return state;
      });
    const a: ReturnType<typeof spawn> = player(() => b);
    const b: ReturnType<typeof spawn> = player(() => a);
    dispatch(a, messages);
  });
}

function spawnAll(actors: number): Promise<void> {
  return new Promise((resolve) => {
    let counted = 0;
    for (let index = 0; index < actors; index++) {
      const actor = spawn(system, (state = 0) => {
        counted += 1;
        if (counted === actors) resolve();
        return state;
      });
      dispatch(actor, 1);
    }
  });
}

const SHAPES: Readonly<Record<string, (size: number) => Promise<void>>> = { tell, pingPong, spawn: spawnAll };
const [shape = '', size = '0'] = process.argv.slice(2);
const run = SHAPES[shape];
if (run === undefined) throw new Error(`there is no shape '${shape}'`);
const startMs = performance.now();
await run(Number(size));
process.stdout.write(String((Number(size) / (performance.now() - startMs)) * 1000));
stop(system);
process.exit(0);
