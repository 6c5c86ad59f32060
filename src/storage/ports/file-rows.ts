/** Rows of contents and shares, as the queries of every driver name their columns, and the records that they are. */
import type { ContentRecord, ContentStatus, ShareRecord } from './file-records.ts';

export interface ContentRow {
  readonly contentId: string;
  readonly hash: string;
  readonly size: number;
  readonly type: string;
  readonly address: string;
  readonly generation: string;
  readonly contentStatus: ContentStatus;
  readonly createdAt: number;
  readonly contentUpdatedAt: number;
  readonly md5: string | null;
  readonly sha1: string | null;
  readonly crc32: string | null;
  readonly crc64: string | null;
}

export function contentOf(row: ContentRow): ContentRecord {
  const { contentId, hash, size, type, address, generation, contentStatus, createdAt, contentUpdatedAt } = row;
  const { md5, sha1, crc32, crc64 } = row;
  return {
    id: contentId,
    hash,
    size,
    type,
    address,
    generation,
    status: contentStatus,
    createdAt,
    updatedAt: contentUpdatedAt,
    hashes: {
      ...(md5 === null ? {} : { md5 }),
      ...(sha1 === null ? {} : { sha1 }),
      ...(crc32 === null ? {} : { crc32 }),
      ...(crc64 === null ? {} : { crc64 }),
    },
  };
}

export interface ShareRow {
  readonly id: string;
  readonly file: string;
  readonly owner: string;
  readonly kind: 'user' | 'room' | 'link';
  readonly user: string | null;
  readonly room: string | null;
  readonly tokenHash: string | null;
  readonly secret: string | null;
  readonly passwordHash: string | null;
  readonly maxDownloads: number | null;
  readonly downloads: number;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

export function shareOf(row: ShareRow): ShareRecord {
  const { id, file, owner, createdAt, expiresAt, downloads } = row;
  return { id, file, owner, target: targetOf(row), createdAt, expiresAt, downloads };
}

function targetOf({
  kind,
  user,
  room,
  tokenHash,
  secret,
  passwordHash,
  maxDownloads,
}: ShareRow): ShareRecord['target'] {
  switch (kind) {
    case 'user':
      return { kind, user: user as string };
    case 'room':
      return { kind, room: room as string };
    case 'link':
      return { kind, tokenHash: tokenHash as string, secret: secret as string, passwordHash, maxDownloads };
  }
}
