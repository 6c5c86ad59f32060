/** What a transfer asks of the records of files. */
import type { FileRecords } from '../../storage/ports/file-records.ts';

type Asked<F> = F extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;

/** Methods of the port as one who is not on its thread calls them: always at once later. */
export type TransferRecords = {
  readonly [O in 'content' | 'staged' | 'stored' | 'holders']: Asked<FileRecords[O]>;
};
