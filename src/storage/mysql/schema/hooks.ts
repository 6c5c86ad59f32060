/** Hooks, beside the records. */
import type { Schema } from '../migrations.ts';
import { COUNT, ID, OPTIONS } from './columns.ts';

export const HOOK_TABLES: Schema['migrations'][number] = {
  name: 'hooks',
  statements: [
    `CREATE TABLE hook (
      number BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
      id ${ID} NOT NULL,
      url VARBINARY(4096) NOT NULL,
      secret VARBINARY(256) NOT NULL,
      rooms MEDIUMTEXT NOT NULL,
      created_at ${COUNT},
      PRIMARY KEY (number),
      UNIQUE KEY id (id)
    ) ${OPTIONS}`,
  ],
};
