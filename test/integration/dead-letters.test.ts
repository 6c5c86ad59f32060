/** The operator's command over a data directory that no engine has open, and over one in use by a writer. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { dataDirPaths } from '../../src/storage/embedded/data-dir.ts';
import { SqliteDeadLetters } from '../../src/storage/embedded/dead-letters.ts';
import { SqlitePlaceholderFiller } from '../../src/storage/embedded/store/filler.ts';
import { SqliteMessageStoreReader } from '../../src/storage/embedded/store/reader.ts';
import { SqliteMessageStoreWriter } from '../../src/storage/embedded/store/writer.ts';
import { encodeLogRecord, type LogRecord } from '../../src/storage/ports/log-record.ts';
import { tempDir } from '../contract/temp-dir.ts';
import { TEST_MS } from '../support/wait.ts';

setDefaultTimeout(TEST_MS);

const ENTRY = join(import.meta.dir, '../../src/dead-letters.ts');

function record(seq: number, nonce: string, text: string): LogRecord {
  const frame = new TextEncoder().encode(text);
  return { stream: 'messages', slot: 1, epoch: 1, room: 'room', seq, sender: 'someone', nonce, at: 1_000, frame };
}

async function command(dataDir: string, ...words: string[]): Promise<{ code: number; output: string; errors: string }> {
  const env = { PATH: process.env.PATH ?? '', MAILROOM_DATA_DIR: dataDir };
  const child = Bun.spawn([process.execPath, ENTRY, ...words], { env, stdout: 'pipe', stderr: 'pipe' });
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, output, errors };
}

/** A store whose room has a placeholder at seq 3, since that message repeats the nonce of the first. */
function storeWithPlaceholder(dataDir: string): {
  readonly refused: LogRecord;
  readonly writer: SqliteMessageStoreWriter;
} {
  const { messages, deadLetters } = dataDirPaths(dataDir);
  const writer = new SqliteMessageStoreWriter(messages);
  const records = [record(1, 'n1', 'one'), record(2, 'n2', 'two'), record(3, 'n1', 'three'), record(4, 'n4', 'four')];
  const report = writer.insert({ partition: 0, position: 1, records });
  const letters = new SqliteDeadLetters(deadLetters);
  const refused = report.refused[0]!;
  letters.add([{ kind: 'record', reason: refused.reason, at: 1_000, bytes: encodeLogRecord(refused.record) }]);
  letters.close();
  return { refused: refused.record, writer };
}

function history(dataDir: string): string[] {
  const reader = new SqliteMessageStoreReader(dataDirPaths(dataDir).messages);
  const { frames } = reader.history({ room: 'room', after: 0, limit: 10, maxBytes: 10_000 });
  reader.close();
  return frames.map((frame) => new TextDecoder().decode(frame));
}

test('[DLQ5] a letter is listed and shown without what people wrote', async () => {
  using dir = tempDir();
  storeWithPlaceholder(dir.path).writer.close();
  const { code, output } = await command(dir.path, 'list');
  expect(code).toBe(0);
  const [id = '', ...rest] = output.trimEnd().split('\t');
  expect(rest).toEqual([
    '1970-01-01T00:00:01.000Z',
    'record',
    'room',
    'messages',
    '3',
    '1',
    'the nonce belongs to seq 1',
  ]);
  const shown = await command(dir.path, 'show', id);
  expect(shown.output).toContain('"nonce":"n1"');
  expect(shown.output).not.toContain('three');
  expect((await command(dir.path, 'show', id, '--bytes')).output).toContain('base64');
});

test('[DLQ6] replay fills the placeholder in place while a writer has the store open, and removes the letter', async () => {
  using dir = tempDir();
  const { writer } = storeWithPlaceholder(dir.path);
  expect(history(dir.path)).toEqual(['one', 'two', '', 'four']);
  const replayed = await command(dir.path, 'replay', '--all');
  expect(replayed.output).toContain('room/messages/3 put back');
  expect(replayed.code).toBe(0);
  expect(history(dir.path)).toEqual(['one', 'two', 'three', 'four']);
  expect((await command(dir.path, 'list')).output).toBe('');
  // The writer goes on with what it knows, and idempotence still answers with the first seq.
  const next = [record(5, 'n5', 'five'), record(6, 'n1', 'six')];
  expect(writer.insert({ partition: 0, position: 2, records: next })).toMatchObject({ inserted: 1, refused: [{}] });
  writer.close();
});

test('[DLQ7] what cannot be put back stays, with the reason', async () => {
  using dir = tempDir();
  storeWithPlaceholder(dir.path).writer.close();
  const letters = new SqliteDeadLetters(dataDirPaths(dir.path).deadLetters);
  letters.remove(letters.list(10).map(({ id }) => id));
  letters.add([
    { kind: 'record', reason: 'r', at: 0, bytes: encodeLogRecord(record(2, 'x', 'other')) },
    { kind: 'record', reason: 'r', at: 0, bytes: encodeLogRecord(record(9, 'x', 'later')) },
    { kind: 'record', reason: 'r', at: 0, bytes: Buffer.from('no record') },
    { kind: 'record', reason: 'r', at: 0, bytes: encodeLogRecord(record(4, 'n4', 'four')) },
  ]);
  letters.close();
  const { code, output } = await command(dir.path, 'replay', '--all');
  expect(code).toBe(1);
  expect(
    output
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t')[1]),
  ).toEqual([
    'room/messages/2 not put back: another message has this seq',
    'room/messages/9 not put back: the room has not come to this seq yet',
    'not put back: this release cannot read it',
    'room/messages/4 was there already',
  ]);
  expect((await command(dir.path, 'list')).output.trimEnd().split('\n')).toHaveLength(3);
});

test('[DLQ7] a seq that the store lacks below the room’s head is filled too', () => {
  using dir = tempDir();
  const { messages } = dataDirPaths(dir.path);
  const writer = new SqliteMessageStoreWriter(messages);
  writer.insert({ partition: 0, position: 1, records: [record(1, 'a', 'one'), record(3, 'c', 'three')] });
  const filler = new SqlitePlaceholderFiller(messages);
  expect(filler.fill(record(2, 'b', 'two'))).toBe('filled');
  expect(filler.fill(record(2, 'b', 'two'))).toBe('present');
  expect(filler.fill({ ...record(1, 'b', 'two'), room: 'unknown' })).toBe('ahead');
  expect(history(dir.path)).toEqual(['one', 'two', 'three']);
  filler.close();
  writer.close();
});

test('[DLQ5] letters are removed by id, and words that do not fit are refused', async () => {
  using dir = tempDir();
  storeWithPlaceholder(dir.path).writer.close();
  const id = (await command(dir.path, 'list')).output.split('\t')[0] ?? '';
  expect(await command(dir.path, 'remove', 'nothing')).toMatchObject({ code: 1 });
  expect(await command(dir.path, 'remove', id)).toMatchObject({ code: 0, output: 'removed 1\n' });
  for (const words of [
    [],
    ['list', id],
    ['replay'],
    ['replay', id, '--all'],
    ['show'],
    ['bury', id],
    ['list', '--no'],
  ]) {
    expect(await command(dir.path, ...words)).toMatchObject({ code: 2, output: '' });
  }
  const nowhere = await command(join(dir.path, 'nowhere'), 'list');
  expect(nowhere).toMatchObject({ code: 70 });
  expect(nowhere.errors).toContain('no engine has run on');
});
