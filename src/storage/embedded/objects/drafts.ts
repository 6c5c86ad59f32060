/** Drafts: files that puts write before they become objects. Their names say when they began and for which key. */
import { open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageFault } from '../../ports/faults.ts';
import type { SourceReader } from '../../ports/object-content.ts';
import type { ObjectFacts, UnfinishedPut } from '../../ports/objects.ts';
import { encodeFooter } from './footer.ts';
import { guardedAsync, orNull } from './guarded-async.ts';

/** `<start>,<chance>,<key>`, where a comma stands for each slash of the key. No key contains a comma. */
const NAME = /^(\d{1,16}),[0-9a-f]{16},([A-Za-z0-9._,-]+)$/;

export class Drafts {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  path(id: string): string {
    return join(this.directory, id);
  }

  nameFor(key: string, startedAt: number): string {
    const chance = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex');
    return `${startedAt},${chance},${key.replaceAll('/', ',')}`;
  }

  /** Writes content and footer, and makes them durable. Errors of the source pass unchanged. */
  async write(id: string, reader: SourceReader, facts: ObjectFacts): Promise<void> {
    const file = await guardedAsync('begin an object', () => open(this.path(id), 'wx', 0o600));
    const append = async (bytes: Uint8Array): Promise<void> => {
      for (let written = 0; written < bytes.length; ) {
        written += (await file.write(bytes, written)).bytesWritten;
      }
    };
    try {
      for (let chunk = await reader.next(); chunk !== null; chunk = await reader.next()) {
        const bytes = chunk;
        await guardedAsync('write an object', () => append(bytes));
      }
      await guardedAsync('write an object', async () => {
        await append(encodeFooter(facts));
        await file.sync();
      });
    } finally {
      await file.close();
    }
  }

  /** Removes a draft after its put. One that cannot be removed stays listed, and does not change the put's outcome. */
  async discard(id: string): Promise<void> {
    try {
      await this.remove(id);
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
    }
  }

  async remove(id: string): Promise<void> {
    await guardedAsync('remove a draft', () => orNull(unlink(this.path(id))));
  }

  async list(startedBefore: number, limit: number): Promise<UnfinishedPut[]> {
    const names = await guardedAsync('list drafts', () => readdir(this.directory));
    return names
      .map(parseName)
      .filter((put) => put !== null)
      .filter((put) => put.startedAt < startedBefore)
      .sort((a, b) => a.startedAt - b.startedAt)
      .slice(0, limit);
  }

  /** Refuses an id that is none, so that no other file can be meant by it. */
  async abandon(put: UnfinishedPut): Promise<void> {
    if (parseName(put.id)?.key !== put.key) {
      throw new StorageFault('refused', `no such put: ${JSON.stringify(put.id)} of ${JSON.stringify(put.key)}`);
    }
    await this.remove(put.id);
  }
}

function parseName(id: string): UnfinishedPut | null {
  const [, startedAt, key] = NAME.exec(id) ?? [];
  if (startedAt === undefined || key === undefined) return null;
  return { id, key: key.replaceAll(',', '/'), startedAt: Number(startedAt) };
}
