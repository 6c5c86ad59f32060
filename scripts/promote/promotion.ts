/** Turns a replica into the primary, unless something that was acknowledged would be lost by it. */
import { SqlConnection } from '../../src/storage/mysql/connection.ts';
import { waitQuery } from '../../src/storage/mysql/dialect.ts';
import {
  formatPosition,
  hasReached,
  latestOf,
  type Position,
  parsePosition,
} from '../../src/storage/mysql/position.ts';
import { addressOf, type SqlTarget } from '../../src/storage/mysql/target.ts';
import { StorageFault } from '../../src/storage/ports/faults.ts';
import {
  becomeSemiSyncPrimary,
  following,
  goOnReceiving,
  position,
  setReadOnly,
  stopFollowing,
  stopReceiving,
} from './replication.ts';

export interface PromotionOptions {
  /** To be promoted; the user may change global variables and stop replication. */
  readonly replica: SqlTarget;
  /** The primary until now, if it may still be alive: it is made read-only first. */
  readonly primary: SqlTarget | undefined;
  /** The other replicas: none of them may have more. */
  readonly others: readonly SqlTarget[];
  /** The latest commit that anybody is known to have been told of. */
  readonly known: Position | undefined;
  /** Goes on where something may be lost, or nobody can tell. */
  readonly acceptLoss: boolean;
  /** How long the replica may take to apply what it has received: milliseconds. */
  readonly waitMs: number;
  readonly say: (line: string) => void;
}

/** Why nothing was changed. */
export class Refusal extends Error {}

const CONNECTION = { connectMs: 3_000, lockWaitMs: 10_000 } as const;
const STATEMENT_MS = 30_000;

export async function promote(options: PromotionOptions): Promise<void> {
  const { waitMs } = options;
  const replica = await SqlConnection.open(options.replica, { ...CONNECTION, queryMs: waitMs + STATEMENT_MS });
  try {
    const follows = await following(replica);
    if (follows === undefined) throw new Refusal(`${replica.address} follows nobody`);
    if (follows.received === '') throw new Refusal(`${replica.address} does not follow by GTID`);
    const fenced = await fencePrimary(options);
    try {
      // What is received from here on would be missed by the comparison.
      if (fenced === undefined) await stopReceiving(replica);
      await demandEverything(replica, options, fenced?.position);
    } catch (error) {
      await undo(replica, fenced);
      throw error;
    }
    await takeOver(replica, options);
    await fenced?.connection.end();
  } finally {
    await replica.end();
  }
}

interface Fenced {
  readonly connection: SqlConnection;
  readonly position: Position;
}

/** A primary that answers takes no writes from here on. Undefined where none was named or it is dead. */
async function fencePrimary({ primary, say }: PromotionOptions): Promise<Fenced | undefined> {
  if (primary === undefined) return undefined;
  let connection: SqlConnection;
  try {
    connection = await SqlConnection.open(primary, { ...CONNECTION, queryMs: STATEMENT_MS });
  } catch (error) {
    if (!(error instanceof StorageFault)) throw error;
    say(`the primary ${addressOf(primary)} does not answer`);
    return undefined;
  }
  // It waits for the writes that are under way, and what they commit is in the position.
  await setReadOnly(connection, true);
  say(`the primary ${addressOf(primary)} takes no more writes`);
  return { connection, position: await position(connection, 'primary') };
}

async function demandEverything(
  replica: SqlConnection,
  options: PromotionOptions,
  primaryPosition: Position | undefined,
): Promise<void> {
  const { known, acceptLoss, say } = options;
  const wanted = [primaryPosition, known, ...(await othersPositions(options))].filter((one) => one !== undefined);
  const want = latestOf(wanted);
  await demandApplied(replica, options, primaryPosition);
  const have = await position(replica, 'replica');
  say(`${replica.address} has ${formatPosition(have)}`);
  if (!hasReached(have, want)) {
    lossOr(
      `${replica.address} is behind: it has ${formatPosition(have)}, and ${formatPosition(want)} is known`,
      options,
    );
  } else if (primaryPosition === undefined && known === undefined && !acceptLoss) {
    throw new Refusal(
      `nobody can tell whether ${replica.address} has everything: name the primary (--primary) if it may still answer, ` +
        'or the latest commit that was acknowledged (--known), or accept a loss (--accept-loss)',
    );
  }
}

/** Everything that the replica has received, or that the primary has, is in its tables. */
async function demandApplied(
  replica: SqlConnection,
  options: PromotionOptions,
  primaryPosition: Position | undefined,
): Promise<void> {
  const follows = await following(replica);
  if (follows === undefined) throw new Refusal(`${replica.address} follows nobody any more`);
  if (follows.problem !== '') {
    throw new Refusal(`${replica.address} does not apply what it has received: ${follows.problem}`);
  }
  const goal = latestOf([parsePosition(follows.received), primaryPosition ?? parsePosition('')]);
  const [answer] = await replica.rows<{ late: number | null }>(waitQuery(replica.facts.dialect), [
    formatPosition(goal),
    String(options.waitMs / 1_000),
  ]);
  if (answer?.late !== 0) {
    lossOr(`${replica.address} has not applied ${formatPosition(goal)} within ${options.waitMs} ms`, options);
  }
}

async function othersPositions({ others }: PromotionOptions): Promise<readonly Position[]> {
  return await Promise.all(
    others.map(async (target) => {
      const other = await SqlConnection.open(target, { ...CONNECTION, queryMs: STATEMENT_MS });
      try {
        const follows = await following(other);
        return latestOf([await position(other, 'replica'), parsePosition(follows?.received ?? '')]);
      } finally {
        await other.end();
      }
    }),
  );
}

function lossOr(problem: string, { acceptLoss, say }: PromotionOptions): void {
  if (!acceptLoss) throw new Refusal(`${problem}; --accept-loss goes on all the same`);
  say(`accepted: ${problem}`);
}

async function takeOver(replica: SqlConnection, { say }: PromotionOptions): Promise<void> {
  await stopFollowing(replica);
  const semiSync = await becomeSemiSyncPrimary(replica);
  say(
    semiSync
      ? `${replica.address} answers commits once a replica has them, as long as there is one`
      : `${replica.address} HAS NO SEMI-SYNCHRONOUS REPLICATION: a lost disk loses acknowledged writes`,
  );
  await setReadOnly(replica, false);
  say(`${replica.address} takes writes`);
}

/** As it was before: a refusal changes nothing. */
async function undo(replica: SqlConnection, fenced: Fenced | undefined): Promise<void> {
  if (fenced === undefined) {
    await goOnReceiving(replica);
    return;
  }
  await setReadOnly(fenced.connection, false);
  await fenced.connection.end();
}
