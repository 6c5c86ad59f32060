/** Entry of `npm run promote`: makes a MySQL replica the primary. `docs/operations.md` says when and how. */
import { parseArgs } from 'node:util';
import { parsePosition } from '../src/storage/mysql/position.ts';
import { addressOf, parseTargets, type SqlTarget } from '../src/storage/mysql/target.ts';
import { StorageFault } from '../src/storage/ports/faults.ts';
import { type PromotionOptions, promote, Refusal } from './promote/promotion.ts';

const EXIT_REFUSED = 1;
const EXIT_USAGE = 2;
const EXIT_FAILED = 70;

const USAGE = `usage: npm run promote -- --replica URL [OPTIONS]   (or: bun run promote --replica URL …)

  --replica URL     the replica to promote; its user may change global variables and stop replication
  --primary URL     the primary until now: if it answers, it is made read-only first
  --others URLS     the other replicas, with commas between them: none may have more than this one
  --known GTID      the latest commit that is known to be acknowledged, from mailroom_mysql_committed_info in the metrics
  --accept-loss     go on although acknowledged writes may be lost
  --wait SECONDS    how long the replica may take to apply what it has received (default: 30)

A URL is mysql://user:password@host:port/database; without a password there, MYSQL_PWD is taken.
Nothing is changed where it refuses. Exit codes: 0 promoted, 1 refused, 2 misused, 70 failed.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(USAGE);
    return 0;
  }
  let options: PromotionOptions;
  try {
    options = read(argv);
  } catch (error) {
    return say(EXIT_USAGE, `${error instanceof Error ? error.message : error}; --help tells more`);
  }
  try {
    await promote(options);
  } catch (error) {
    if (error instanceof Refusal) return say(EXIT_REFUSED, `refused: ${error.message}`);
    // Somebody else's exception is a defect here, so its stack is shown.
    return say(EXIT_FAILED, error instanceof StorageFault ? error.message : Bun.inspect(error));
  }
  const { replica } = options;
  process.stdout.write(`mysql://${addressOf(replica)}/${replica.database}\n`);
  return 0;
}

function read(argv: readonly string[]): PromotionOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      replica: { type: 'string' },
      primary: { type: 'string' },
      others: { type: 'string' },
      known: { type: 'string' },
      'accept-loss': { type: 'boolean' },
      wait: { type: 'string' },
    },
  });
  if (values.replica === undefined) throw new Error('expected --replica URL');
  const seconds = Number(values.wait ?? '30');
  if (!(seconds >= 0 && seconds <= 3_600)) throw new Error('--wait: expected seconds from 0 to 3600');
  return {
    replica: target('--replica', values.replica),
    primary: values.primary === undefined ? undefined : target('--primary', values.primary),
    others: values.others === undefined ? [] : parseTargets(values.others).map(withPassword),
    known: values.known === undefined ? undefined : parsePosition(values.known),
    acceptLoss: values['accept-loss'] === true,
    waitMs: seconds * 1_000,
    say: (line) => void process.stderr.write(`mailroom: ${line}\n`),
  };
}

function target(flag: string, url: string): SqlTarget {
  const [first, ...more] = parseTargets(url);
  if (first === undefined || more.length > 0) throw new Error(`${flag}: expected one address`);
  return withPassword(first);
}

function withPassword(given: SqlTarget): SqlTarget {
  return given.password === '' ? { ...given, password: process.env.MYSQL_PWD ?? '' } : given;
}

function say(exitCode: number, text: string): number {
  process.stderr.write(`mailroom: ${text}\n`);
  return exitCode;
}
