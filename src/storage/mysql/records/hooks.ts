/** Hooks on MySQL. All of it is read from the primary. */
import type { Hook, Hooks } from '../../ports/hooks.ts';
import type { NewAudit } from '../../ports/moderation.ts';
import type { MysqlServers } from '../mysql-servers.ts';
import { appendAudit } from './audit.ts';
import { text } from './text.ts';

interface HookRow extends Pick<Hook, 'createdAt'> {
  readonly id: Uint8Array;
  readonly url: Uint8Array;
  readonly secret: Uint8Array;
  readonly rooms: string;
}

export class MysqlHooks implements Hooks {
  readonly #primary: MysqlServers['primary'];

  /** The servers stay the caller's to close; their schema has to be the newest. */
  constructor(servers: MysqlServers) {
    this.#primary = servers.primary;
  }

  addHook({ id, url, secret, rooms, createdAt }: Hook, most: number, audit: NewAudit): Promise<boolean> {
    return this.#primary.transaction(async (tx) => {
      const held = await tx.rows('SELECT id FROM hook FOR UPDATE');
      if (held.length >= most) return false;
      await tx.run('INSERT INTO hook (id, url, secret, rooms, created_at) VALUES (?, ?, ?, ?, ?)', [
        id,
        url,
        secret,
        JSON.stringify(rooms),
        createdAt,
      ]);
      await appendAudit(tx, audit);
      return true;
    });
  }

  async hooks(): Promise<readonly Hook[]> {
    const rows = await this.#primary.rows<HookRow>(
      'SELECT id, url, secret, rooms, created_at AS createdAt FROM hook ORDER BY number',
    );
    return rows.map(({ id, url, secret, rooms, createdAt }) => ({
      id: text(id),
      url: text(url),
      secret: text(secret),
      rooms: JSON.parse(rooms) as string[],
      createdAt,
    }));
  }

  removeHook(id: string, audit: NewAudit): Promise<boolean> {
    return this.#primary.transaction(async (tx) => {
      const { affectedRows } = await tx.run('DELETE FROM hook WHERE id = ?', [id]);
      if (affectedRows > 0) await appendAudit(tx, audit);
      return affectedRows > 0;
    });
  }

  /** Has nothing of its own open. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
