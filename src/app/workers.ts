/** The worker threads as the main thread sees them: started together, asked one thing at a time, watched always. */

import { Ring } from '../runtime/lanes/ring.ts';
import type { Crew, FromThread, PeerLink, Progress, ThreadConfig, ThreadRole, ToThread } from './crew.ts';

const RING_BYTES = 1024 * 1024;
/** Longest wait for the other threads to close their sockets after one has failed. */
const GOODBYE_MS = 3_000;

type AnswerType = Exclude<FromThread['type'], 'failed'>;
type AnswerOfType<T extends AnswerType> = Extract<FromThread, { readonly type: T }>;

export interface Workers {
  /** Tells a thread and waits for its answer. */
  ask<T extends AnswerType>(thread: number, message: ToThread, answer: T): Promise<AnswerOfType<T>>;
  /** Starts the threads of these roles and waits until they are ready; resolves with the progress that one of them found. */
  boot(roles: readonly ThreadRole[], progress?: Progress): Promise<Progress | undefined>;
  terminate(): void;
}

/** `onFailure` is called at most once, when a thread failed or ended by itself. */
export function startWorkers(crew: Crew, config: ThreadConfig, onFailure: (reason: string) => void): Workers {
  const links = connectAll(crew.roles.length);
  const waiting = crew.roles.map(() => new Map<AnswerType, (answer: never) => void>());
  let ending = false;
  const failed = (thread: number, reason: string): void => {
    if (ending) return;
    ending = true;
    const others = crew.roles.flatMap((role, other) => (role === 'shard' && other !== thread ? [other] : []));
    const told = Promise.all(others.map((other) => ask(other, { type: 'abandon' }, 'abandoned')));
    const late = new Promise((resolve) => setTimeout(resolve, GOODBYE_MS));
    void Promise.race([told, late]).then(() => onFailure(`thread ${crew.roles[thread]}-${thread}: ${reason}`));
  };
  const workers = crew.roles.map((_, thread) => {
    const worker = new Worker(new URL('./thread.ts', import.meta.url).href);
    worker.onmessage = ({ data }: MessageEvent<FromThread>) => {
      if (data.type === 'failed') return failed(thread, data.error);
      const resolve = waiting[thread]?.get(data.type);
      waiting[thread]?.delete(data.type);
      resolve?.(data as never);
    };
    worker.onerror = (event) => failed(thread, event.message);
    worker.addEventListener('close', () => failed(thread, 'the thread ended'));
    return worker;
  });
  const ask: Workers['ask'] = (thread, message, answer) =>
    new Promise((resolve) => {
      waiting[thread]?.set(answer, resolve as (answer: never) => void);
      post(thread, message);
    });
  const post = (thread: number, message: ToThread): void => {
    const transfer = message.type === 'boot' ? message.links.map((link) => link.bell) : [];
    workers[thread]?.postMessage(message, transfer);
  };
  return {
    ask,
    async boot(roles, progress) {
      const threads = crew.roles.flatMap((role, thread) => (roles.includes(role) ? [thread] : []));
      const ready = await Promise.all(
        threads.map((thread) =>
          ask(thread, { type: 'boot', thread, crew, links: links[thread] ?? [], config, progress }, 'ready'),
        ),
      );
      return ready.find((answer) => answer.progress !== undefined)?.progress;
    },
    terminate() {
      ending = true;
      for (const worker of workers) worker.terminate();
    },
  };
}

/** A ring each way and a bell between every two threads. */
function connectAll(threads: number): PeerLink[][] {
  const links: PeerLink[][] = Array.from({ length: threads }, () => []);
  for (let a = 0; a < threads; a++) {
    for (let b = a + 1; b < threads; b++) {
      const there = Ring.memory(RING_BYTES);
      const back = Ring.memory(RING_BYTES);
      const { port1, port2 } = new MessageChannel();
      links[a]?.push({ peer: b, outgoing: there, incoming: back, bell: port1 });
      links[b]?.push({ peer: a, outgoing: back, incoming: there, bell: port2 });
    }
  }
  return links;
}
