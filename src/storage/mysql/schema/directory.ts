/** The directory's one row: who owns the deployment. */
import type { Schema } from '../migrations.ts';

export const DIRECTORY_SCHEMA: Schema = {
  part: 'directory',
  migrations: [
    {
      name: 'the claim of a node',
      statements: [
        `CREATE TABLE node_claim (
          only TINYINT UNSIGNED NOT NULL PRIMARY KEY,
          node VARBINARY(64) NULL,
          beat BIGINT UNSIGNED NOT NULL
        ) ENGINE = InnoDB`,
        'INSERT INTO node_claim (only, node, beat) SELECT 1, NULL, 0 WHERE NOT EXISTS (SELECT 1 FROM node_claim)',
      ],
    },
  ],
};
