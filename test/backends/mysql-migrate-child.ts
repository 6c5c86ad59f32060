/** Migrates one database as soon as it is told to go, and says how that ended. */
import { migrate } from '../../src/storage/mysql/migrations.ts';
import { RECORDS_SCHEMA } from '../../src/storage/mysql/schema/records.ts';

process.on('message', (url: string) => {
  migrate(url, RECORDS_SCHEMA).then(
    () => finish('done'),
    (error: unknown) => finish(String(error)),
  );
});
process.send?.('ready');

function finish(text: string): void {
  process.send?.(text);
  process.disconnect?.();
}
