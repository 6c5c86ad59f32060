/** Shares as HTTP shows them. What a link is opened with is told once, when it is made. */
import { t } from 'elysia';
import type { ShareRecord } from '../../storage/ports/file-records.ts';

export const ShareShape = t.Object({
  id: t.String(),
  file: t.String(),
  kind: t.Union([t.Literal('user'), t.Literal('room'), t.Literal('link')]),
  createdAt: t.Integer(),
  user: t.Optional(t.String({ description: 'Who has it; of the kind `user`.' })),
  room: t.Optional(t.String({ description: 'Whose members have it; of the kind `room`.' })),
  expiresAt: t.Optional(t.Integer({ description: 'Absent: never.' })),
  downloads: t.Optional(t.Integer({ description: 'So often a link was used.' })),
  maxDownloads: t.Optional(t.Integer()),
  hasPassword: t.Optional(t.Boolean()),
  url: t.Optional(t.String({ description: 'Of a link that was made just now. It is not told again.' })),
});

export type ShareJson = typeof ShareShape.static;

export function shareJson({ id, file, target, createdAt, expiresAt, downloads }: ShareRecord): ShareJson {
  const common = { id, file, kind: target.kind, createdAt, ...(expiresAt === null ? {} : { expiresAt }) };
  switch (target.kind) {
    case 'user':
      return { ...common, user: target.user };
    case 'room':
      return { ...common, room: target.room };
    case 'link': {
      const { maxDownloads, passwordHash } = target;
      const bound = maxDownloads === null ? {} : { maxDownloads };
      return { ...common, downloads, ...bound, hasPassword: passwordHash !== null };
    }
  }
}
