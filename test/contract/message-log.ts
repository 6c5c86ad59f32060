/** What every message log does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type {
  Fence,
  LogBatch,
  LogPosition,
  MessageLogReader,
  MessageLogWriter,
} from '../../src/storage/ports/message-log.ts';
import { eventually } from '../support/wait.ts';
import { faultOf } from './fault-of.ts';

/** One empty log. It may be opened again after its writer was closed, with the next epoch. */
export interface LogDriver extends AsyncDisposable {
  openWriter(fence: Fence): MessageLogWriter | Promise<MessageLogWriter>;
  openReader(): MessageLogReader | Promise<MessageLogReader>;
}

const EVERYTHING = 1 << 30;
const group = (...texts: string[]): Uint8Array[] => texts.map((text) => new TextEncoder().encode(text));
const texts = (batches: readonly LogBatch[]): string[][] =>
  batches.map((batch) => batch.records.map((record) => new TextDecoder().decode(record)));
const positions = (batches: readonly LogBatch[]): number[] => batches.map((batch) => batch.position);

const fence = (epoch: number): Fence => ({ epoch, slots: [0, 8, 1_016] });

/** Reads until there are so many groups after the position: what a reader is sent comes when it comes. */
async function groups(reader: MessageLogReader, after: LogPosition, count: number): Promise<readonly LogBatch[]> {
  return await eventually(
    `${count} groups of the log`,
    () => reader.read(after, EVERYTHING),
    (found) => found.length >= count,
  );
}

export function messageLogContract(name: string, makeDriver: () => LogDriver | Promise<LogDriver>): void {
  describe(`message log: ${name}`, () => {
    orderRules(makeDriver);
    readingRules(makeDriver);
  });
}

function orderRules(makeDriver: () => LogDriver | Promise<LogDriver>): void {
  test('[LOG15] a fence is the first group that a writer writes', async () => {
    await using driver = await makeDriver();
    const writer = await driver.openWriter(fence(1));
    const first = writer.head;
    const next = await writer.append(group('a'));
    const reader = await driver.openReader();
    expect(await groups(reader, 0, 2)).toEqual([
      { position: first, records: [], fence: fence(1) },
      { position: next, records: group('a') },
    ]);
    await reader.close();
    await writer.close();
  });

  test('[LOG2] positions ascend, and `head` is the last one', async () => {
    await using driver = await makeDriver();
    const writer = await driver.openWriter(fence(1));
    const seen = [writer.head];
    for (const text of ['a', 'b', 'c']) {
      seen.push(await writer.append(group(text)));
      expect(writer.head).toBe(seen.at(-1) as number);
    }
    expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
    expect(seen[0]).toBeGreaterThan(0);
    expect(seen.every(Number.isSafeInteger)).toBe(true);
    await writer.close();
  });

  test('[LOG2] positions go on after the log is opened again', async () => {
    await using driver = await makeDriver();
    const seen: LogPosition[] = [];
    for (const epoch of [1, 2, 3]) {
      const writer = await driver.openWriter(fence(epoch));
      seen.push(writer.head, await writer.append(group(`group ${epoch}`)));
      await writer.close();
    }
    expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
    const reader = await driver.openReader();
    const found = await groups(reader, 0, 6);
    expect(positions(found)).toEqual(seen);
    expect(found.map((batch) => batch.fence?.epoch)).toEqual([1, undefined, 2, undefined, 3, undefined]);
    await reader.close();
  });

  test('[LOG2] positions go on after everything was trimmed and the log is opened again', async () => {
    await using driver = await makeDriver();
    const writer = await driver.openWriter(fence(1));
    for (const text of ['a', 'b', 'c']) await writer.append(group(text));
    const reader = await driver.openReader();
    const { head } = writer;
    await groups(reader, 0, 4);
    await reader.trim(head);
    await writer.close();
    await reader.close();
    const again = await driver.openWriter(fence(2));
    expect(again.head).toBeGreaterThan(head);
    await again.append(group('d'));
    const rereader = await driver.openReader();
    expect(texts(await groups(rereader, head, 2))).toEqual([[], ['d']]);
    await rereader.close();
    await again.close();
  });

  test('[LOG4] an empty group is refused, and the log goes on', async () => {
    await using driver = await makeDriver();
    const writer = await driver.openWriter(fence(1));
    expect(await faultOf(() => writer.append([]))).toBe('refused');
    expect(await writer.append(group('a'))).toBeGreaterThan(0);
    await writer.close();
  });
}

function readingRules(makeDriver: () => LogDriver | Promise<LogDriver>): void {
  test('[LOG3] a reader follows the writer, group by group', async () => {
    await using driver = await makeDriver();
    const writer = await driver.openWriter(fence(1));
    const reader = await driver.openReader();
    const start = (await groups(reader, 0, 1))[0]?.position as LogPosition;
    const first = await writer.append(group('a', '', 'b'));
    expect(texts(await groups(reader, start, 1))).toEqual([['a', '', 'b']]);
    expect(await reader.read(first, EVERYTHING)).toEqual([]);
    const second = await writer.append(group('c'));
    const third = await writer.append(group('d'));
    expect(positions(await groups(reader, first, 2))).toEqual([second, third]);
    expect(positions(await groups(reader, second, 1))).toEqual([third]);
    await reader.close();
    await writer.close();
  });

  test('[LOG3] a read stops at about the bytes asked for, and never before the first group', async () => {
    await using driver = await makeDriver();
    const writer = await driver.openWriter(fence(1));
    const reader = await driver.openReader();
    const written = [writer.head];
    for (let index = 0; index < 10; index += 1) written.push(await writer.append([new Uint8Array(1_000)]));
    await groups(reader, 0, 11);
    expect(positions(await reader.read(written[0] as number, 1))).toEqual(written.slice(1, 2));
    expect(positions(await reader.read(written[4] as number, 2_500))).toEqual(written.slice(5, 8));
    await reader.close();
    await writer.close();
  });

  test('[LOG3] groups come back byte for byte, whatever their sizes', async () => {
    const anyGroups = fc.array(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array(66_000).fill(7))), {
        minLength: 1,
        maxLength: 5,
      }),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(anyGroups, async (written) => {
        await using driver = await makeDriver();
        const writer = await driver.openWriter(fence(1));
        const reader = await driver.openReader();
        const { head } = writer;
        for (const records of written) await writer.append(records);
        const batches = await groups(reader, head, written.length);
        expect(batches.map((batch) => batch.records.map((record) => Buffer.from(record)))).toEqual(
          written.map((records) => records.map((record) => Buffer.from(record))),
        );
        await reader.close();
        await writer.close();
      }),
      { numRuns: 15 },
    );
  });

  test('[LOG9] what was not trimmed stays readable', async () => {
    await using driver = await makeDriver();
    const writer = await driver.openWriter(fence(1));
    const reader = await driver.openReader();
    const written = [writer.head];
    for (let index = 1; index <= 20; index += 1) written.push(await writer.append([new Uint8Array(500).fill(index)]));
    await groups(reader, 0, 21);
    for (const trimmed of [1, 5, 5, 11]) {
      const position = written[trimmed] as LogPosition;
      await reader.trim(position);
      expect(positions(await reader.read(position, EVERYTHING))).toEqual(written.slice(trimmed + 1));
    }
    await reader.close();
    await writer.close();
  });
}
