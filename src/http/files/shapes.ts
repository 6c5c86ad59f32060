/** Files as HTTP shows them, and the cursors of their lists. */
import { t } from 'elysia';
import type { FileAccess, FileRecord, ListCursor, ListScope, SharedFile } from '../../storage/ports/file-records.ts';

export const FileShape = t.Object({
  id: t.String(),
  name: t.String(),
  size: t.Integer({ description: 'Bytes.' }),
  type: t.String({ description: 'As sniffed from the bytes.' }),
  sha256: t.String(),
  owner: t.String({ description: 'User.' }),
  uploadedAt: t.Optional(t.Integer()),
  updatedAt: t.Optional(t.Integer()),
  trashedAt: t.Optional(t.Integer({ description: 'Only of files in the trash.' })),
  share: t.Optional(t.String({ description: 'Only of files that were shared with the user.' })),
  sharedAt: t.Optional(t.Integer()),
});

export type FileJson = typeof FileShape.static;

export function fileJson(file: FileRecord | SharedFile): FileJson {
  const { id, name, size, type, hash, user, uploadedAt, updatedAt, trashedAt } = file;
  return {
    id,
    name,
    size,
    type,
    sha256: hash,
    owner: user,
    uploadedAt,
    updatedAt,
    ...(trashedAt === null ? {} : { trashedAt }),
    ...('share' in file ? { share: file.share, sharedAt: file.sharedAt } : {}),
  };
}

/** What others than the owner see. */
export function accessJson({ file, owner, name, content }: FileAccess): FileJson {
  return { id: file, name, size: content.size, type: content.type, sha256: content.hash, owner };
}

/** Where the page behind this entry begins. */
export function cursorBehind(scope: ListScope, entry: FileRecord | SharedFile): string {
  const shared = entry as SharedFile;
  const at = scope === 'own' ? entry.uploadedAt : scope === 'trash' ? entry.trashedAt : shared.sharedAt;
  return Buffer.from(`${at}.${scope === 'shared' ? shared.share : entry.id}`).toString('base64url');
}

/** Undefined for what is no cursor of ours. */
export function readCursor(text: string): ListCursor | undefined {
  const [, at, id] = /^(\d{1,15})\.([\w~-]{1,64})$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  return at === undefined || id === undefined ? undefined : { at: Number(at), id };
}
