/** Entry of the engine: configuration in, exit code out. */

import { availableParallelism } from 'node:os';
import { type RunningApp, startApp } from './app/app.ts';
import { helpText } from './config/describe.ts';
import { parseConfig } from './config/parse.ts';
import type { Config } from './config/schema.ts';
import { createLogger, type Logger, resolveFormat } from './log/logger.ts';

const EXIT_USAGE = 2;
const EXIT_FAILED = 70;

await main();

async function main(): Promise<void> {
  const outcome = parseConfig(process.env, process.argv.slice(2), { cores: availableParallelism() });
  if (outcome.kind === 'help') {
    process.stdout.write(`${helpText()}\n`);
    return;
  }
  for (const warning of outcome.warnings) process.stderr.write(`mailroom: ${warning}\n`);
  if (outcome.kind === 'invalid') {
    for (const problem of outcome.problems) process.stderr.write(`mailroom: ${problem}\n`);
    process.exit(EXIT_USAGE);
  }
  const log = loggerOf(outcome.config);
  const app = await startOrExit(outcome.config, log);
  // Whoever reads the line may send a signal at once, so that it comes last.
  stopOnSignal(app, log);
  process.stdout.write(`Mailroom is running. Open ${app.url} in a browser. Ctrl-C ends it.\n`);
}

async function startOrExit(config: Config, log: Logger): Promise<RunningApp> {
  try {
    return await startApp(config, log, (reason) => {
      log.error('the engine cannot go on', { reason });
      process.exit(EXIT_FAILED);
    });
  } catch (error) {
    process.stderr.write(`mailroom: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(EXIT_FAILED);
  }
}

function stopOnSignal(app: RunningApp, log: Logger): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(EXIT_FAILED);
    stopping = true;
    log.info('draining; a second signal ends at once');
    app.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('the engine could not end in good order', { error });
        process.exit(EXIT_FAILED);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function loggerOf(config: Config): Logger {
  return createLogger({
    level: config.logLevel,
    format: resolveFormat(config.logFormat, process.stderr.isTTY === true),
    sink: (line) => void process.stderr.write(`${line}\n`),
    now: () => Date.now(),
  });
}
