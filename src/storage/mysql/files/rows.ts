/** Rows of the file tables: what compares by byte comes as bytes, and is text. */
import type { SqlRunner, SqlValue } from '../connection.ts';
import { text } from '../records/text.ts';

/** The rows with every binary column as text. None of the tables of files holds anything but text and numbers. */
export async function textRows<R>(runner: SqlRunner, sql: string, values: readonly SqlValue[]): Promise<readonly R[]> {
  const rows = await runner.rows<Record<string, unknown>>(sql, values, { prepared: false });
  return rows.map(
    (row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? text(value) : value]),
      ) as R,
  );
}

export async function firstRow<R>(runner: SqlRunner, sql: string, values: readonly SqlValue[]): Promise<R | null> {
  return (await textRows<R>(runner, sql, values))[0] ?? null;
}

/** Of a table `file` by this name in the query. */
export const CONTENT_COLUMNS = `file.id AS contentId, file.hash AS hash, file.size AS size, file.type AS type,
  file.address AS address, file.generation AS generation, file.status AS contentStatus, file.created_at AS createdAt,
  file.updated_at AS contentUpdatedAt, file.md5 AS md5, file.sha1 AS sha1, file.crc32 AS crc32, file.crc64 AS crc64`;
