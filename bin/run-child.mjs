/** Runs one child to its end and passes signals on to it, each of them once. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** npm passes on a Ctrl-C that the terminal has already sent to this process: signals this close are one. */
const SAME_SIGNAL_MS = 300;

/** A closed terminal asks for the same orderly end as a service manager does. */
const PASSED_ON = /** @type {const} */ ([
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGTERM'],
  ['SIGHUP', 'SIGTERM'],
]);

/**
 * Resolves with the child's exit code, or 128 + the number of the signal that ended it.
 *
 * A child that is not interactive gets a process group of its own, so that a Ctrl-C in the terminal, which goes to the
 * whole foreground group, reaches it only through this process.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ interactive: boolean }} options
 * @returns {Promise<number>}
 */
export function runChild(command, args, { interactive }) {
  const ownGroup = !interactive && process.platform !== 'win32';
  const reachedByTerminal = !ownGroup && process.stdin.isTTY === true;
  // Listening before the child exists: a signal in between would end this process alone, and the child with it unasked.
  const release = passSignalsOn(
    process,
    { kill: (signal) => child.kill(signal) },
    { reachedByTerminal, now: () => performance.now() },
  );
  const child = spawn(command, args, {
    stdio: [ownGroup ? 'ignore' : 'inherit', 'inherit', 'inherit'],
    detached: ownGroup,
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      release();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/**
 * Passes signals from `source` to `child` until the returned function is called.
 *
 * @param {Pick<NodeJS.EventEmitter, 'on' | 'off'>} source
 * @param {{ kill(signal: NodeJS.Signals): unknown }} child
 * @param {{ reachedByTerminal: boolean, now: () => number }} options
 * @returns {() => void}
 */
export function passSignalsOn(source, child, { reachedByTerminal, now }) {
  const handlers = PASSED_ON.map(([received, sent]) => {
    let lastAt = Number.NEGATIVE_INFINITY;
    const handler = () => {
      if (received === 'SIGINT' && reachedByTerminal) return;
      const again = now() - lastAt < SAME_SIGNAL_MS;
      lastAt = now();
      if (!again) child.kill(sent);
    };
    source.on(received, handler);
    return { received, handler };
  });
  return () => {
    for (const { received, handler } of handlers) source.off(received, handler);
  };
}
