/**
 * A world to load: users, tokens and rooms, written through the records' own driver before the server starts. Thousands of
 * registrations over HTTP would spend minutes on hashing passwords, which is not what is measured.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nanoid } from 'nanoid';
import { secrets } from '../../src/app/secrets.ts';
import { dataDirPaths } from '../../src/storage/embedded/data-dir.ts';
import { SqliteRecords } from '../../src/storage/embedded/records/sqlite-records.ts';

export interface SeededRoom {
  readonly id: string;
  /** One token for each member, each of a user of their own. */
  readonly tokens: readonly string[];
}

export interface World extends Disposable {
  readonly rooms: readonly SeededRoom[];
  /** A new data directory that holds this world. The caller removes it. */
  dataDir(): string;
}

const DAY_MS = 86_400_000;
/** Memory, where there is some: each of the thousands of writes is synced. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export function seedWorld(rooms: number, membersPerRoom: number): World {
  const folder = mkdtempSync(join(SCRATCH, 'mailroom-bench-'));
  const records = new SqliteRecords(dataDirPaths(folder).records);
  const seeded = Array.from({ length: rooms }, () => seedRoom(records, membersPerRoom));
  records.close();
  return {
    rooms: seeded,
    dataDir() {
      const target = mkdtempSync(join(tmpdir(), 'mailroom-bench-'));
      mkdirSync(target, { recursive: true, mode: 0o700 });
      for (const name of readdirSync(folder)) cpSync(join(folder, name), join(target, name), { recursive: true });
      return target;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function seedRoom(records: SqliteRecords, members: number): SeededRoom {
  const createdAt = Date.now();
  const people = Array.from({ length: members }, () => {
    const id = nanoid();
    const token = secrets.newToken(id);
    const username = `u${id.replaceAll(/[^A-Za-z0-9]/g, '')}`;
    records.createUser({ id, username, passwordHash: 'no password opens this account', createdAt });
    const tokenHash = secrets.hashToken(token);
    const times = { createdAt, expiresAt: createdAt + DAY_MS };
    records.saveToken({ userId: id, username, device: 'bench', tokenHash, ...times }, 'device', 8);
    return { id, token };
  });
  const id = nanoid();
  const room = { id, kind: 'group', title: 'bench', log: nanoid(), version: 1, createdAt } as const;
  records.createRoom(
    room,
    people.map(({ id: user }, index) => ({ user, role: index === 0 ? 'owner' : 'member' })),
  );
  return { id, tokens: people.map(({ token }) => token) };
}
