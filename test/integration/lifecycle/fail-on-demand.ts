/**
 * Loaded into every thread of an engine ahead of its own code: at SIGUSR2 one thread meets the end that the environment
 * names, as it would by a defect. Threads count from 1 in the order in which the engine starts them.
 */
import { isMainThread, threadId } from 'node:worker_threads';

const channel = new BroadcastChannel('fail-on-demand');

if (isMainThread) {
  process.on('SIGUSR2', () => channel.postMessage('now'));
  const Original = globalThis.Worker;
  globalThis.Worker = class extends Original {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, { ...options, preload: [import.meta.path] });
    }
  };
} else if (threadId === Number(process.env.FAIL_THREAD)) {
  channel.onmessage = () => {
    if (process.env.FAIL_HOW === 'throw') throw new Error('a defect on demand');
    if (process.env.FAIL_HOW === 'reject') void Promise.reject(new Error('a defect on demand'));
    if (process.env.FAIL_HOW === 'exit') process.exit(0);
  };
}
