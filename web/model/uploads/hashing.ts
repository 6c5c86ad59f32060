import type { HashNews, HashTask } from '../../workers/hash-messages.ts';

/** Where the worker's script is: the page says so, since its name changes with its content. */
function workerPath(): string {
  const path = document.querySelector<HTMLMetaElement>('meta[name="hash-worker"]')?.content;
  if (path === undefined) throw new Error('the page names no hashing worker');
  return path;
}

/** Runs one task in a worker of its own. Rejects when the signal aborts, or the file cannot be read. */
export function hashed(task: HashTask, signal: AbortSignal, onBytes: (bytes: number) => void = () => undefined) {
  return new Promise<string>((resolve, reject) => {
    const worker = new Worker(workerPath(), { type: 'module' });
    const end = (settle: () => void) => {
      signal.removeEventListener('abort', stop);
      worker.terminate();
      settle();
    };
    const stop = () => end(() => reject(signal.reason));
    worker.onmessage = ({ data }: MessageEvent<HashNews>) => {
      if (data.type === 'progress') onBytes(data.bytes);
      else if (data.type === 'done') end(() => resolve(data.sha256));
      else end(() => reject(new Error(`The file cannot be read: ${data.reason}`)));
    };
    worker.onerror = (event) => end(() => reject(new Error(`The file cannot be hashed: ${event.message}`)));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    else worker.postMessage(task);
  });
}
