/** Random sequences of calls, the collector's steps among them, compared with the reference model after each. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { FileRecords, ShareRecord } from '../../src/storage/ports/file-records.ts';
import type { Records } from '../../src/storage/ports/records.ts';
import type { FileRecordsDriver } from './file-records.ts';
import { MemoryFileRecords } from './memory-file-records.ts';
import { MemoryRecords } from './memory-records.ts';

interface Both {
  readonly records: Records;
  readonly files: FileRecords;
}

/** What a sequence knows of itself, so that calls can speak of what earlier ones have made. */
interface Past {
  readonly files: string[];
  readonly generations: string[];
  readonly shares: string[];
}

/** One call. `step` makes ids and times that no other call has. */
type Call = readonly [name: string, apply: (both: Both, past: Past, step: number) => unknown];

const named = (name: string, apply: Call[1]): Call => [name, apply];

const USERS = ['u1', 'u2'];
const SIZES: Readonly<Record<string, number>> = { h1: 10, h2: 20, h3: 30 };
const HASHES = Object.keys(SIZES);
const QUOTA = 45;

const user = fc.constantFrom(...USERS);
const hash = fc.constantFrom(...HASHES);
const upload = fc.constantFrom('up1', 'up2');
const pick = fc.nat(50);
const name = fc.constantFrom('Plan.pdf', 'plan b', 'ÄPFEL', 'x');

const at = (step: number): number => 1_000 + step * 10;
const chosen = (list: readonly string[], index: number): string => list[index % Math.max(1, list.length)] ?? 'none';

function target(kind: string, other: string, step: number): ShareRecord['target'] {
  if (kind === 'user') return { kind: 'user', user: other };
  if (kind === 'room') return { kind: 'room', room: 'r1' };
  return { kind: 'link', tokenHash: `t${step}`, secret: 'key', passwordHash: null, maxDownloads: 1 };
}

const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(user, hash, fc.option(upload), name)
      .map(([by, of, reserved, as]) => finish(by, of, reserved, as)),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(user, hash, name).map(([by, of, as]) =>
      named(`adopt ${by} ${of}`, ({ files }, past, step) => {
        past.files.push(`f${step}`);
        const size = SIZES[of] as number;
        return files.adopt({
          user: by,
          hash: of,
          size,
          userFileId: `f${step}`,
          name: as,
          at: at(step),
          quotaBytes: QUOTA,
        });
      }),
    ),
  },
  fc
    .tuple(user, upload, fc.nat(30))
    .map(([by, id, bytes]) => named('reserve', ({ files }) => files.reserve(by, id, bytes, QUOTA))),
  upload.map((id) => named('release', ({ files }) => files.release(id))),
  {
    weight: 3,
    arbitrary: fc
      .tuple(user, pick)
      .map(([by, index]) =>
        named('purge', ({ files }, past, step) => files.purge(by, chosen(past.files, index), at(step))),
      ),
  },
  fc
    .tuple(user, pick)
    .map(([by, index]) =>
      named('trash', ({ files }, past, step) => files.trash(by, chosen(past.files, index), at(step))),
    ),
  fc
    .tuple(user, pick)
    .map(([by, index]) =>
      named('restore', ({ files }, past, step) => files.restore(by, chosen(past.files, index), at(step))),
    ),
  fc
    .tuple(user, pick, name)
    .map(([by, index, as]) =>
      named('rename', ({ files }, past, step) => files.rename(by, chosen(past.files, index), as, at(step))),
    ),
  {
    weight: 3,
    arbitrary: fc
      .tuple(hash, pick)
      .map(([of, index]) =>
        named(`mark ${of}`, ({ files }, past, step) =>
          files.markDeleting(of, chosen(past.generations, index), at(step)),
        ),
      ),
  },
  {
    weight: 2,
    arbitrary: hash.map((of) =>
      named(`mark current ${of}`, async ({ files }, _, step) => {
        const content = await files.content(of);
        return content === null ? null : files.markDeleting(of, content.generation, at(step));
      }),
    ),
  },
  fc
    .tuple(hash, pick)
    .map(([of, index]) =>
      named(`removed ${of}`, ({ files }, past) => files.removed(of, chosen(past.generations, index))),
    ),
  hash.map((of) =>
    named(`stored ${of}`, async ({ files }, _, step) => {
      const content = await files.content(of);
      return content === null ? null : files.stored(of, content.generation, `object:${content.generation}`, at(step));
    }),
  ),
  {
    weight: 2,
    arbitrary: fc.tuple(user, pick, fc.constantFrom('v1', 'v2')).map(([by, index, via]) =>
      named('grant', async ({ files }, past, step) => {
        const [access] = await files.access(by, [chosen(past.files, index)], at(step));
        if (access === undefined) return 'no access';
        const { file, owner, name: as, content } = access;
        const granted = [{ file, owner, hash: content.hash, name: as }];
        return files.grantToRoom({ room: 'r1', by, via, files: granted, at: at(step) });
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(user, pick, user, fc.constantFrom('user', 'room', 'link'), fc.option(fc.nat(300)))
      .map(([by, index, other, kind, expires]) =>
        named(`share ${kind}`, ({ files }, past, step) => {
          past.shares.push(`s${step}`);
          const share: ShareRecord = {
            id: `s${step}`,
            file: chosen(past.files, index),
            owner: by,
            target: target(kind, other, step),
            createdAt: at(step),
            expiresAt: expires === null || kind === 'room' ? null : at(step) + expires,
            downloads: 0,
          };
          return files.share(share, 3);
        }),
      ),
  },
  fc
    .tuple(user, pick, pick)
    .map(([by, file, share]) =>
      named('unshare', ({ files }, past, step) =>
        files.unshare(by, chosen(past.files, file), chosen(past.shares, share), at(step)),
      ),
    ),
  pick.map((share) =>
    named('download', ({ files }, past, step) => files.countDownload(chosen(past.shares, share), at(step))),
  ),
  fc.constant(named('forget shares', ({ files }, _, step) => files.forgetShares(at(step) - 50))),
  user.map((by) => named(`${by} leaves`, ({ records }) => records.removeMember('r1', by, 2))),
  user.map((by) => named(`${by} joins`, ({ records }) => records.addMember('r1', by, 'member', 0, 2))),
);

function finish(by: string, of: string, reserved: string | null, as: string): Call {
  return named(`finish ${by} ${of}`, ({ files }, past, step) => {
    past.files.push(`f${step}`);
    past.generations.push(`g${step}`);
    return files.finish({
      user: by,
      uploadId: reserved,
      fileId: `g${step}`,
      userFileId: `f${step}`,
      hash: of,
      size: SIZES[of] as number,
      name: as,
      type: step % 2 === 0 ? 'image/png' : 'application/octet-stream',
      address: `staging:node:${step % 5}`,
      at: at(step),
      hashes: { md5: 'm' },
      quotaBytes: QUOTA,
    });
  });
}

export function fileRecordsModelTest(makeDriver: () => FileRecordsDriver | Promise<FileRecordsDriver>): void {
  test('[FIL2] any sequence of calls agrees with the reference model, and what is referred to is never deleted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 60 }), async (calls) => {
        await using driver = await makeDriver();
        const real = await driver.open();
        const modelRecords = new MemoryRecords();
        const model: Both = { records: modelRecords, files: new MemoryFileRecords(modelRecords) };
        for (const both of [real, model]) await begin(both);
        const pasts: readonly Past[] = [real, model].map(() => ({ files: [], generations: [], shares: [] }));
        for (const [step, [what, apply]] of calls.entries()) {
          const [got, expected] = [
            await apply(real, pasts[0] as Past, step),
            await apply(model, pasts[1] as Past, step),
          ];
          expect([what, got ?? null]).toEqual([what, expected ?? null]);
          expect(await everything(real, pasts[0] as Past, step)).toEqual(
            await everything(model, pasts[1] as Past, step),
          );
        }
        await driver.close();
      }),
      { numRuns: 40 },
    );
  });
}

async function begin({ records }: Both): Promise<void> {
  for (const id of USERS) await records.createUser({ id, username: `name of ${id}`, passwordHash: 'p', createdAt: 1 });
  const room = { id: 'r1', kind: 'group', title: 'Room', log: 'l', version: 1, createdAt: 1 } as const;
  await records.createRoom(room, [{ user: 'u1', role: 'owner' }]);
}

async function everything({ files }: Both, past: Past, step: number): Promise<unknown> {
  const state: unknown[] = [await files.staged(10), await files.collectable(at(step) + 1, 10)];
  for (const of of HASHES) state.push(await files.content(of), await files.holders(of, 10));
  for (const by of USERS) {
    state.push(await files.usage(by));
    for (const scope of ['own', 'trash', 'shared'] as const) {
      state.push(await files.list(by, { scope, limit: 10, at: at(step) }));
      state.push(await files.list(by, { scope, limit: 1, search: 'PLAN', at: at(step) }));
    }
    const access = await files.access(by, past.files, at(step));
    for (const { content } of access) expect(content.status).not.toBe('deleting');
    state.push([...access].sort((a, b) => (a.file < b.file ? -1 : 1)));
    for (const id of past.files) state.push(await files.shares(by, id));
  }
  for (const id of past.shares) state.push(await files.link(`t${id.slice(1)}`, at(step)));
  state.push(await files.trashedBefore(at(step) + 1, 10));
  return state;
}
