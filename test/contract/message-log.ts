/** What every message log does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { LogBatch, MessageLogReader, MessageLogWriter } from '../../src/storage/ports/message-log.ts';
import { faultOf } from './fault-of.ts';

/** One empty log. It may be opened again after its writer was closed. */
export interface LogDriver extends AsyncDisposable {
  openWriter(): MessageLogWriter | Promise<MessageLogWriter>;
  openReader(): MessageLogReader | Promise<MessageLogReader>;
}

const EVERYTHING = 1 << 30;
const group = (...texts: string[]): Uint8Array[] => texts.map((text) => new TextEncoder().encode(text));
const texts = (batches: readonly LogBatch[]): string[][] =>
  batches.map((batch) => batch.records.map((record) => new TextDecoder().decode(record)));
const positions = (batches: readonly LogBatch[]): number[] => batches.map((batch) => batch.position);

export function messageLogContract(name: string, makeDriver: () => LogDriver | Promise<LogDriver>): void {
  describe(`message log: ${name}`, () => {
    test('[LOG2] positions count from 1 without a hole', async () => {
      await using driver = await makeDriver();
      const writer = await driver.openWriter();
      expect(writer.head).toBe(0);
      expect(await writer.append(group('a'))).toBe(1);
      expect(await writer.append(group('b', 'c'))).toBe(2);
      expect(writer.head).toBe(2);
      await writer.close();
    });

    test('[LOG2] positions go on after the log is opened again', async () => {
      await using driver = await makeDriver();
      for (const expected of [1, 2, 3]) {
        const writer = await driver.openWriter();
        expect(writer.head).toBe(expected - 1);
        expect(await writer.append(group(`group ${expected}`))).toBe(expected);
        await writer.close();
      }
      const reader = await driver.openReader();
      expect(texts(await reader.read(0, EVERYTHING))).toEqual([['group 1'], ['group 2'], ['group 3']]);
      await reader.close();
    });

    test('[LOG2] positions go on after everything was trimmed and the log is opened again', async () => {
      await using driver = await makeDriver();
      const writer = await driver.openWriter();
      for (const text of ['a', 'b', 'c']) await writer.append(group(text));
      const reader = await driver.openReader();
      await reader.trim(3);
      await writer.close();
      await reader.close();
      const again = await driver.openWriter();
      expect(again.head).toBe(3);
      expect(await again.append(group('d'))).toBe(4);
      const rereader = await driver.openReader();
      expect(texts(await rereader.read(3, EVERYTHING))).toEqual([['d']]);
      await rereader.close();
      await again.close();
    });

    test('[LOG3] a reader follows the writer, group by group', async () => {
      await using driver = await makeDriver();
      const writer = await driver.openWriter();
      const reader = await driver.openReader();
      expect(await reader.read(0, EVERYTHING)).toEqual([]);
      await writer.append(group('a', '', 'b'));
      expect(texts(await reader.read(0, EVERYTHING))).toEqual([['a', '', 'b']]);
      expect(await reader.read(1, EVERYTHING)).toEqual([]);
      await writer.append(group('c'));
      await writer.append(group('d'));
      expect(positions(await reader.read(1, EVERYTHING))).toEqual([2, 3]);
      expect(positions(await reader.read(2, EVERYTHING))).toEqual([3]);
      await reader.close();
      await writer.close();
    });

    test('[LOG3] a read stops at about the bytes asked for, and never before the first group', async () => {
      await using driver = await makeDriver();
      const writer = await driver.openWriter();
      const reader = await driver.openReader();
      for (let index = 0; index < 10; index += 1) await writer.append([new Uint8Array(1_000)]);
      expect(positions(await reader.read(0, 1))).toEqual([1]);
      expect(positions(await reader.read(4, 2_500))).toEqual([5, 6, 7]);
      await reader.close();
      await writer.close();
    });

    test('[LOG3] groups come back byte for byte, whatever their sizes', async () => {
      const groups = fc.array(
        fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array(66_000).fill(7))), {
          minLength: 1,
          maxLength: 5,
        }),
        { maxLength: 8 },
      );
      await fc.assert(
        fc.asyncProperty(groups, async (written) => {
          await using driver = await makeDriver();
          const writer = await driver.openWriter();
          const reader = await driver.openReader();
          for (const records of written) await writer.append(records);
          const batches = await reader.read(0, EVERYTHING);
          expect(batches.map((batch) => batch.records.map((record) => Buffer.from(record)))).toEqual(
            written.map((records) => records.map((record) => Buffer.from(record))),
          );
          await reader.close();
          await writer.close();
        }),
        { numRuns: 15 },
      );
    });

    test('[LOG4] an empty group is refused, and the log goes on', async () => {
      await using driver = await makeDriver();
      const writer = await driver.openWriter();
      expect(await faultOf(() => writer.append([]))).toBe('refused');
      expect(await writer.append(group('a'))).toBe(1);
      await writer.close();
    });

    test('[LOG5] a second writer is refused while the first is open', async () => {
      await using driver = await makeDriver();
      const writer = await driver.openWriter();
      expect(await faultOf(() => driver.openWriter())).toBe('unavailable');
      expect(await writer.append(group('a'))).toBe(1);
      await writer.close();
      const next = await driver.openWriter();
      expect(next.head).toBe(1);
      await next.close();
    });

    test('[LOG9] what was not trimmed stays readable', async () => {
      await using driver = await makeDriver();
      const writer = await driver.openWriter();
      const reader = await driver.openReader();
      for (let index = 1; index <= 20; index += 1) await writer.append([new Uint8Array(500).fill(index)]);
      for (const trimmed of [0, 5, 5, 11]) {
        await reader.trim(trimmed);
        expect(positions(await reader.read(trimmed, EVERYTHING))).toEqual(
          Array.from({ length: 20 - trimmed }, (_, index) => trimmed + index + 1),
        );
      }
      await reader.close();
      await writer.close();
    });
  });
}
