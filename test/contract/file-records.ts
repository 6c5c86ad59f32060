/** What every driver of the file records does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import type { FileRecords, FinishedUpload, ShareRecord } from '../../src/storage/ports/file-records.ts';
import type { Records } from '../../src/storage/ports/records.ts';
import { faultOf } from './fault-of.ts';
import { fileRecordsModelTest } from './file-records-model.ts';

/** Records without a row in them, and the file records that stand on the same tables. */
export interface FileRecordsDriver extends AsyncDisposable {
  open(): Promise<{ readonly records: Records; readonly files: FileRecords }>;
  close(): Promise<void>;
}

interface Opened extends AsyncDisposable {
  readonly records: Records;
  readonly files: FileRecords;
}

const HASH = 'a'.repeat(64);

const upload = (overrides: Partial<FinishedUpload> = {}): FinishedUpload => ({
  user: 'ann',
  uploadId: null,
  fileId: 'content 1',
  userFileId: 'file 1',
  hash: HASH,
  size: 100,
  name: 'Report.pdf',
  type: 'application/pdf',
  address: 'staging:node:1',
  at: 1_000,
  ...overrides,
});

const gift = (overrides: Partial<ShareRecord> = {}): ShareRecord => ({
  id: 'share',
  file: 'file 1',
  owner: 'ann',
  target: { kind: 'user', user: 'bob' },
  createdAt: 2_000,
  expiresAt: null,
  downloads: 0,
  ...overrides,
});

export function fileRecordsContract(
  name: string,
  makeDriver: () => FileRecordsDriver | Promise<FileRecordsDriver>,
): void {
  const open = async (): Promise<Opened> => {
    const driver = await makeDriver();
    const opened = await driver.open();
    for (const id of ['ann', 'bob', 'eve']) {
      await opened.records.createUser({ id, username: `name of ${id}`, passwordHash: 'p', createdAt: 1 });
    }
    const room = { id: 'room', kind: 'group', title: 'Room', log: 'l', version: 1, createdAt: 1 } as const;
    await opened.records.createRoom(room, [
      { user: 'ann', role: 'owner' },
      { user: 'bob', role: 'member' },
    ]);
    return {
      ...opened,
      async [Symbol.asyncDispose]() {
        await driver.close();
        await driver[Symbol.asyncDispose]();
      },
    };
  };

  describe(`file records: ${name}`, () => {
    finishRules(open);
    quotaRules(open);
    collectionRules(open);
    listRules(open);
    accessRules(open);
    shareRules(open);
    concurrencyRules(open);
    fileRecordsModelTest(makeDriver);
  });
}

function finishRules(open: () => Promise<Opened>): void {
  test('[FIL3] equal content is one row, and each user who brings it has a file of it', async () => {
    await using opened = await open();
    const { files } = opened;
    const first = await files.finish(upload({ hashes: { md5: 'm', crc32: 'c' } }));
    const other = {
      user: 'bob',
      fileId: 'content 2',
      userFileId: 'file 2',
      name: 'mine.pdf',
      address: 'staging:node:2',
    };
    const second = await files.finish(upload(other));
    expect(first?.outcome).toBe('new');
    expect(second?.outcome).toBe('joined');
    expect(second?.content).toEqual(first?.content as never);
    expect(second?.file).toMatchObject({ id: 'file 2', user: 'bob', name: 'mine.pdf', size: 100 });
    expect(first?.content).toEqual({
      id: 'content 1',
      hash: HASH,
      size: 100,
      type: 'application/pdf',
      address: 'staging:node:1',
      generation: 'content 1',
      status: 'staged',
      createdAt: 1_000,
      updatedAt: 1_000,
      hashes: { md5: 'm', crc32: 'c' },
    });
    expect(await files.holders(HASH, 10)).toEqual([
      { user: 'ann', file: 'file 1' },
      { user: 'bob', file: 'file 2' },
    ]);
  });

  test('[FIL4] finishing what the user has answers with the file that is there, by its name, out of the trash', async () => {
    await using opened = await open();
    const { files } = opened;
    await files.finish(upload());
    await files.trash('ann', 'file 1', 2_000);
    const again = { fileId: 'content 2', userFileId: 'file 2', name: 'other', address: 'staging:node:2', at: 3_000 };
    const finished = await files.finish(upload(again));
    expect(finished?.outcome).toBe('had');
    expect(finished?.file).toMatchObject({ id: 'file 1', name: 'Report.pdf', trashedAt: null });
    expect(await files.usage('ann')).toEqual({ usedBytes: 100, reservedBytes: 0, files: 1 });
  });

  test('[FIL4] who finishes the same upload twice, as after a crash, is not told that its bytes may go', async () => {
    await using opened = await open();
    const { files } = opened;
    await files.finish(upload());
    const again = await files.finish(upload({ fileId: 'content 2', userFileId: 'file 2', at: 2_000 }));
    expect(again?.outcome).toBe('new');
    expect(again?.file.id).toBe('file 1');
    expect(again?.content.generation).toBe('content 1');
  });

  test('[FIL3] a known hash with another size, an unknown user, and an id that is taken are refused and change nothing', async () => {
    await using opened = await open();
    const { files } = opened;
    await files.finish(upload());
    expect(await faultOf(() => files.finish(upload({ user: 'bob', userFileId: 'x', size: 99 })))).toBe('refused');
    const nobody = upload({ user: 'nobody', userFileId: 'x', fileId: 'x', hash: 'b'.repeat(64) });
    expect(await faultOf(() => files.finish(nobody))).toBe('refused');
    expect(await faultOf(() => files.finish(upload({ hash: 'c'.repeat(64), fileId: 'x' })))).toBe('refused');
    for (const letter of ['b', 'c']) expect(await files.content(letter.repeat(64))).toBeNull();
    expect(await files.usage('bob')).toEqual({ usedBytes: 0, reservedBytes: 0, files: 0 });
  });

  test('[FIL3] the longest names and ids, and the largest size, are kept as they are', async () => {
    await using opened = await open();
    const { files } = opened;
    const name = '\u{1f4ce}'.repeat(255);
    const size = 2 ** 50;
    const finished = await files.finish(upload({ userFileId: 'f'.repeat(64), fileId: 'c'.repeat(64), name, size }));
    expect(finished?.file).toMatchObject({ id: 'f'.repeat(64), name, size });
    expect(await files.file('ann', 'F'.repeat(64))).toBeNull();
  });

  test('[FIL5] a known content is given without its bytes, unless it is absent, going, or of another size', async () => {
    await using opened = await open();
    const { files } = opened;
    const adoption = { user: 'bob', hash: HASH, size: 100, userFileId: 'file 2', name: 'mine', at: 2_000 };
    expect(await files.adopt(adoption)).toBe('absent');
    await files.finish(upload());
    expect(await files.adopt({ ...adoption, size: 99 })).toBe('absent');
    expect(await files.adopt({ ...adoption, quotaBytes: 99 })).toBe('over-quota');
    expect(await files.adopt(adoption)).toMatchObject({ outcome: 'joined', file: { id: 'file 2', name: 'mine' } });
    expect(await files.adopt({ ...adoption, userFileId: 'file 3' })).toMatchObject({
      outcome: 'had',
      file: { id: 'file 2' },
    });
    await files.purge('ann', 'file 1', 3_000);
    await files.purge('bob', 'file 2', 3_000);
    await files.markDeleting(HASH, 'content 1', 4_000);
    expect(await files.adopt(adoption)).toBe('absent');
  });
}

function quotaRules(open: () => Promise<Opened>): void {
  test('[FIL6] what is reserved and what is there together stay within the quota, and a file is charged once', async () => {
    await using opened = await open();
    const { files } = opened;
    expect(await files.reserve('ann', 'up 1', 60, 100)).toBe(true);
    expect(await files.reserve('ann', 'up 2', 41, 100)).toBe(false);
    expect(await files.reserve('ann', 'up 1', 70, 100)).toBe(true);
    expect(await files.reserve('bob', 'up 1', 1, 100)).toBe(false);
    expect(await files.reserve('ann', 'up 2', 30, 100)).toBe(true);
    expect(await files.usage('ann')).toEqual({ usedBytes: 0, reservedBytes: 100, files: 0 });
    await files.release('up 2');
    await files.release('up 2');
    await files.finish(upload({ uploadId: 'up 1', size: 70, quotaBytes: 70 }));
    await files.finish(upload({ uploadId: 'up 1', size: 70, quotaBytes: 70 }));
    expect(await files.usage('ann')).toEqual({ usedBytes: 70, reservedBytes: 0, files: 1 });
    await files.trash('ann', 'file 1', 2_000);
    expect(await files.reserve('ann', 'up 3', 31, 100)).toBe(false);
    await files.purge('ann', 'file 1', 3_000);
    expect(await files.reserve('ann', 'up 3', 100, 100)).toBe(true);
  });

  test('[FIL6] finishing over the quota without a reservation leaves nothing behind', async () => {
    await using opened = await open();
    const { files } = opened;
    expect(await files.finish(upload({ quotaBytes: 99 }))).toBeNull();
    expect(await files.content(HASH)).toBeNull();
    expect(await files.usage('ann')).toEqual({ usedBytes: 0, reservedBytes: 0, files: 0 });
  });
}

function collectionRules(open: () => Promise<Opened>): void {
  test('[FIL7] a content is collected once nothing refers to it, and never before', async () => {
    await using opened = await open();
    const { files } = opened;
    await files.finish(upload());
    await files.adopt({ user: 'bob', hash: HASH, size: 100, userFileId: 'file 2', name: 'mine', at: 1_500 });
    await files.trash('ann', 'file 1', 2_000);
    await files.purge('ann', 'file 1', 3_000);
    expect(await files.collectable(9_000, 10)).toEqual([]);
    expect(await files.markDeleting(HASH, 'content 1', 4_000)).toBe(false);
    await files.purge('bob', 'file 2', 5_000);
    expect(await files.collectable(5_000, 10)).toEqual([]);
    expect((await files.collectable(5_001, 10)).map(({ hash }) => hash)).toEqual([HASH]);
    expect(await files.markDeleting(HASH, 'another', 6_000)).toBe(false);
    expect(await files.markDeleting(HASH, 'content 1', 6_000)).toBe(true);
    expect(await files.markDeleting(HASH, 'content 1', 6_000)).toBe(true);
    expect((await files.collectable(5_001, 10)).map(({ status }) => status)).toEqual(['deleting']);
    expect(await files.removed(HASH, 'content 1')).toBe(true);
    expect(await files.removed(HASH, 'content 1')).toBe(false);
    expect(await files.content(HASH)).toBeNull();
  });

  test('[FIL8] a finisher who meets a deleting content makes a new generation, which the collector leaves alone', async () => {
    await using opened = await open();
    const { files } = opened;
    await files.finish(upload());
    await files.stored(HASH, 'content 1', 'object:1', 1_500);
    await files.purge('ann', 'file 1', 2_000);
    await files.markDeleting(HASH, 'content 1', 3_000);
    const grant = { room: 'room', by: 'ann', via: 'v', at: 3_500 };
    const file = { file: 'file 1', owner: 'ann', hash: HASH, name: 'n' };
    expect(await files.grantToRoom({ ...grant, files: [file] })).toBe('gone');
    const next = { user: 'bob', fileId: 'content 2', userFileId: 'file 2', address: 'staging:node:2', at: 4_000 };
    const finished = await files.finish(upload(next));
    expect(finished?.outcome).toBe('new');
    expect(finished?.content).toMatchObject({ generation: 'content 2', status: 'staged', address: 'staging:node:2' });
    expect(await files.removed(HASH, 'content 1')).toBe(false);
    expect(await files.stored(HASH, 'content 1', 'object:1', 5_000)).toBe(false);
    expect(await files.stored(HASH, 'content 2', 'object:2', 5_000)).toBe(true);
    expect(await files.stored(HASH, 'content 2', 'object:2', 5_000)).toBe(true);
    expect(await files.stored(HASH, 'content 2', 'object:3', 5_000)).toBe(false);
    expect((await files.content(HASH))?.address).toBe('object:2');
  });

  test('[FIL7] staged contents are told page by page, and stored ones no more', async () => {
    await using opened = await open();
    const { files } = opened;
    for (const [index, letter] of ['c', 'a', 'b'].entries()) {
      const ids = { fileId: `content ${letter}`, userFileId: `file ${letter}`, hash: letter.repeat(64), at: index };
      await files.finish(upload(ids));
    }
    await files.stored('b'.repeat(64), 'content b', 'object:b', 10);
    const page = await files.staged(1);
    expect(page.map(({ id }) => id)).toEqual(['content a']);
    expect((await files.staged(5, page[0]?.hash)).map(({ id }) => id)).toEqual(['content c']);
  });
}

function listRules(open: () => Promise<Opened>): void {
  test('[FIL9] a list goes from new to old, page by page, and finds a part of a name whatever its case', async () => {
    await using opened = await open();
    const { files } = opened;
    const names = ['Plan.txt', 'PLANE', 'äPFEL', 'other', '50%_plan'];
    for (const [index, name] of names.entries()) {
      const ids = { fileId: `c${index}`, userFileId: `f${index}`, hash: String(index).repeat(64), name };
      await files.finish(upload({ ...ids, at: 1_000 + Math.floor(index / 2) }));
    }
    const all = await files.list('ann', { scope: 'own', limit: 10, at: 0 });
    expect(all.map(({ id }) => id)).toEqual(['f4', 'f3', 'f2', 'f1', 'f0']);
    const paged: string[] = [];
    for (let after: { at: number; id: string } | undefined; ; ) {
      const page = await files.list('ann', {
        scope: 'own',
        limit: 2,
        at: 0,
        ...(after === undefined ? {} : { after }),
      });
      paged.push(...page.map(({ id }) => id));
      const last = page.at(-1);
      if (last === undefined) break;
      after = { at: last.uploadedAt, id: last.id };
    }
    expect(paged).toEqual(all.map(({ id }) => id));
    const found = async (search: string): Promise<string[]> =>
      (await files.list('ann', { scope: 'own', limit: 10, at: 0, search })).map(({ id }) => id);
    expect(await found('plan')).toEqual(['f4', 'f1', 'f0']);
    expect(await found('Äpf')).toEqual(['f2']);
    expect(await found('%_')).toEqual(['f4']);
    expect(await files.list('bob', { scope: 'own', limit: 10, at: 0 })).toEqual([]);
  });

  test('[FIL10] only the owner renames, throws away, restores and deletes, and only what is there to be', async () => {
    await using opened = await open();
    const { files } = opened;
    await files.finish(upload());
    expect(await files.file('bob', 'file 1')).toBeNull();
    for (const change of ['trash', 'restore', 'purge'] as const) {
      expect(await files[change]('bob', 'file 1', 2_000)).toBeOneOf([null, false]);
    }
    expect(await files.rename('bob', 'file 1', 'x', 2_000)).toBeNull();
    expect(await files.rename('ann', 'file 1', 'new name', 2_000)).toMatchObject({
      name: 'new name',
      updatedAt: 2_000,
    });
    expect(await files.restore('ann', 'file 1', 3_000)).toBeNull();
    expect(await files.trash('ann', 'file 1', 3_000)).toMatchObject({ trashedAt: 3_000 });
    expect(await files.trash('ann', 'file 1', 4_000)).toBeNull();
    expect(await files.rename('ann', 'file 1', 'x', 4_000)).toBeNull();
    expect(await files.fileByHash('ann', HASH)).toMatchObject({ id: 'file 1', trashedAt: 3_000 });
    expect(await files.fileByHash('bob', HASH)).toBeNull();
    expect(await files.list('ann', { scope: 'own', limit: 10, at: 0 })).toEqual([]);
    expect(await files.trashedBefore(3_000, 10)).toEqual([]);
    expect(await files.trashedBefore(3_001, 10)).toEqual([{ user: 'ann', id: 'file 1' }]);
    expect(await files.restore('ann', 'file 1', 5_000)).toMatchObject({ trashedAt: null, name: 'new name' });
    expect(await files.trashedBefore(9_000, 10)).toEqual([]);
    expect(await files.purge('ann', 'file 1', 6_000, 9_000)).toBe(false);
    await files.trash('ann', 'file 1', 6_000);
    expect(await files.purge('ann', 'file 1', 7_000, 6_000)).toBe(false);
    expect(await files.purge('ann', 'file 1', 7_000, 6_001)).toBe(true);
    expect(await files.purge('ann', 'file 1', 7_000)).toBe(false);
  });
}

function accessRules(open: () => Promise<Opened>): void {
  const rolesOf = async (files: FileRecords, user: string, at = 9_000): Promise<readonly string[]> =>
    (await files.access(user, ['file 1', 'unknown'], at)).flatMap(({ roles, state }) => [...roles, state]);

  test('[FIL11] members of a room that a file was granted to have it, those who leave do not, strangers never', async () => {
    await using opened = await open();
    const { records, files } = opened;
    await files.finish(upload());
    expect(await rolesOf(files, 'ann')).toEqual(['owner', 'live']);
    expect(await rolesOf(files, 'bob')).toEqual([]);
    const file = { file: 'file 1', owner: 'ann', hash: HASH, name: 'Report.pdf' };
    const grant = { room: 'room', by: 'ann', via: 'post:1', files: [file], at: 2_000 };
    expect(await files.grantToRoom({ ...grant, by: 'eve' })).toBe('forbidden');
    expect(await files.grantToRoom({ ...grant, room: 'nowhere' })).toBe('forbidden');
    expect(await files.grantToRoom({ ...grant, files: [file, { ...file, hash: 'b'.repeat(64) }] })).toBe('gone');
    expect(await rolesOf(files, 'bob')).toEqual([]);
    expect(await files.grantToRoom(grant)).toBe('granted');
    expect(await files.grantToRoom(grant)).toBe('granted');
    expect(await rolesOf(files, 'ann')).toEqual(['owner', 'member', 'live']);
    expect(await rolesOf(files, 'bob')).toEqual(['member', 'live']);
    expect(await rolesOf(files, 'eve')).toEqual([]);
    await records.removeMember('room', 'bob', 2);
    expect(await rolesOf(files, 'bob')).toEqual([]);
  });

  test('[FIL12] what was posted to a room stays there when its owner deletes it, and keeps the content', async () => {
    await using opened = await open();
    const { files } = opened;
    await files.finish(upload());
    const file = { file: 'file 1', owner: 'ann', hash: HASH, name: 'Report.pdf' };
    await files.grantToRoom({ room: 'room', by: 'ann', via: 'post:1', files: [file], at: 2_000 });
    await files.purge('ann', 'file 1', 3_000);
    expect(await files.usage('ann')).toEqual({ usedBytes: 0, reservedBytes: 0, files: 0 });
    expect(await files.access('bob', ['file 1'], 9_000)).toMatchObject([
      { file: 'file 1', owner: 'ann', name: 'Report.pdf', state: 'gone', roles: ['member'] },
    ]);
    expect(await files.collectable(9_000, 10)).toEqual([]);
    expect(await files.markDeleting(HASH, 'content 1', 9_000)).toBe(false);
  });
}

function shareRules(open: () => Promise<Opened>): void {
  test('[SHR1] a friend has what was shared with them until it expires, is revoked, or its owner throws it away', async () => {
    await using opened = await open();
    const { files } = opened;
    await files.finish(upload());
    expect(await files.share(gift({ expiresAt: 5_000 }), 10)).toBe('shared');
    expect(await files.share(gift({ id: 'again' }), 10)).toBe('exists');
    expect(await files.share(gift({ id: 'x', target: { kind: 'user', user: 'nobody' } }), 10)).toBe('forbidden');
    expect(await files.share(gift({ id: 'x', owner: 'bob' }), 10)).toBe('gone');
    const shared = async (at: number): Promise<readonly unknown[]> => [
      ...(await files.list('bob', { scope: 'shared', limit: 10, at })),
      ...(await files.access('bob', ['file 1'], at)),
    ];
    expect(await shared(4_999)).toMatchObject([
      { id: 'file 1', user: 'ann', share: 'share', sharedAt: 2_000 },
      { file: 'file 1', roles: ['friend'], state: 'live' },
    ]);
    expect(await shared(5_000)).toEqual([]);
    await files.trash('ann', 'file 1', 3_000);
    expect(await files.list('bob', { scope: 'shared', limit: 10, at: 3_000 })).toEqual([]);
    await files.restore('ann', 'file 1', 3_100);
    expect(await files.unshare('bob', 'file 1', 'share', 4_000)).toBe(false);
    expect(await files.unshare('ann', 'file 1', 'share', 4_000)).toBe(true);
    expect(await files.unshare('ann', 'file 1', 'share', 4_000)).toBe(false);
    expect(await shared(4_100)).toEqual([]);
  });

  test('[SHR2] a share to a room grants it there until it is revoked or the file is deleted', async () => {
    await using opened = await open();
    const { files } = opened;
    await files.finish(upload());
    const toRoom = gift({ target: { kind: 'room', room: 'room' } });
    expect(await files.share({ ...toRoom, target: { kind: 'room', room: 'nowhere' } }, 10)).toBe('forbidden');
    expect(await files.share(toRoom, 10)).toBe('shared');
    expect((await files.access('bob', ['file 1'], 3_000)).map(({ roles }) => roles)).toEqual([['member']]);
    await files.unshare('ann', 'file 1', 'share', 4_000);
    expect(await files.access('bob', ['file 1'], 5_000)).toEqual([]);
    await files.share({ ...toRoom, id: 'second' }, 10);
    await files.purge('ann', 'file 1', 6_000);
    expect(await files.access('bob', ['file 1'], 7_000)).toEqual([]);
    expect((await files.collectable(9_000, 10)).map(({ hash }) => hash)).toEqual([HASH]);
  });

  test('[SHR3] a link is found by its hash until it expires, is revoked or its file is thrown away, and counts downloads', async () => {
    await using opened = await open();
    const { files } = opened;
    await files.finish(upload());
    const target = { kind: 'link', tokenHash: 'th', secret: 's', passwordHash: 'p', maxDownloads: 2 } as const;
    const link = gift({ target, expiresAt: 9_000 });
    expect(await files.share(link, 1)).toBe('shared');
    expect(await files.share({ ...link, id: 'other', target: { ...target, tokenHash: 'to' } }, 1)).toBe('too-many');
    expect(await files.link('TH', 3_000)).toBeNull();
    expect((await files.link('th', 3_000))?.share).toEqual(link);
    expect((await files.link('th', 3_000))?.file.name).toBe('Report.pdf');
    expect(await files.link('th', 9_000)).toBeNull();
    expect(await files.countDownload('share', 9_000)).toBe(false);
    expect(await files.countDownload('share', 3_000)).toBe(true);
    expect(await files.countDownload('share', 3_000)).toBe(true);
    expect(await files.countDownload('share', 3_000)).toBe(false);
    expect((await files.shares('ann', 'file 1'))?.map(({ downloads }) => downloads)).toEqual([2]);
    expect(await files.shares('bob', 'file 1')).toBeNull();
    await files.trash('ann', 'file 1', 4_000);
    expect(await files.link('th', 4_000)).toBeNull();
    await files.forgetShares(9_001);
    expect(await files.shares('ann', 'file 1')).toEqual([]);
  });
}

function concurrencyRules(open: () => Promise<Opened>): void {
  test('[FIL13] however finishing, posting, deleting and collecting meet, a reference has its content', async () => {
    await using opened = await open();
    const { files } = opened;
    for (let round = 0; round < 12; round++) {
      const at = 10_000 * (round + 1);
      const first = `a${round}`;
      const finished = await files.finish(
        upload({ fileId: `ca${round}`, userFileId: first, address: `s:${round}`, at }),
      );
      const generation = finished?.content.generation ?? '';
      const file = { file: first, owner: 'ann', hash: HASH, name: 'n' };
      const attempt = async (work: () => unknown): Promise<unknown> => await work();
      const [, , , joined, granted] = await Promise.all([
        attempt(() => files.purge('ann', first, at + 1)),
        attempt(() => files.markDeleting(HASH, generation, at + 2)),
        attempt(() => files.removed(HASH, generation)),
        attempt(() =>
          files.finish(
            upload({ user: 'bob', fileId: `cb${round}`, userFileId: `b${round}`, address: `t:${round}`, at: at + 3 }),
          ),
        ),
        attempt(() => files.grantToRoom({ room: 'room', by: 'ann', via: `v${round}`, files: [file], at: at + 4 })),
      ]);
      expect(joined).toMatchObject({ file: { user: 'bob' } });
      const content = await files.content(HASH);
      expect(content?.status).toBe('staged');
      expect(await files.markDeleting(HASH, content?.generation ?? '', at + 5)).toBe(false);
      if (granted === 'granted') expect(await files.access('bob', [first], at + 6)).toHaveLength(1);
      for (const held of await files.list('bob', { scope: 'own', limit: 10, at })) {
        expect(await files.purge('bob', held.id, at + 7)).toBe(true);
      }
    }
  });

  test('[FIL6] reservations at the same time never pass the quota together', async () => {
    await using opened = await open();
    const { files } = opened;
    const ids = Array.from({ length: 12 }, (_, index) => `up ${index}`);
    const kept = await Promise.all(ids.map(async (id) => await files.reserve('ann', id, 30, 100)));
    expect(kept.filter((one) => one)).toHaveLength(3);
    expect((await files.usage('ann')).reservedBytes).toBe(90);
  });
}
