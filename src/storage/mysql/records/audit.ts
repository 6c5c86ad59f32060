/** An entry in the log of actions, in the transaction of the action. */
import type { NewAudit } from '../../ports/moderation.ts';
import type { SqlRunner } from '../connection.ts';

export async function appendAudit(runner: SqlRunner, { at, actor, action, target, detail }: NewAudit): Promise<void> {
  await runner.run('INSERT INTO audit (at, actor, action, target, detail) VALUES (?, ?, ?, ?, ?)', [
    at,
    actor,
    action,
    target,
    detail,
  ]);
}
