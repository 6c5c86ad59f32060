/** The variables that say what files and uploads may be. */
import * as type from './value-types.ts';
import { variable } from './variable.ts';

export const FILE_VARIABLES = {
  maxUploadSize: variable({
    name: 'MAILROOM_MAX_UPLOAD_SIZE',
    section: 'Files',
    type: type.byteSize,
    initial: 50 * 2 ** 30,
    initialText: '50GiB',
    unit: 'size',
    description: 'An upload has at most so many bytes.',
  }),
  maxUploads: variable({
    name: 'MAILROOM_MAX_UPLOADS',
    section: 'Files',
    type: type.integer(1, 100_000),
    initial: 1_000,
    initialText: '1000',
    unit: 'uploads',
    description: 'A user may have so many unfinished uploads; each part of a parallel one counts.',
  }),
  uploadTtlMs: variable({
    name: 'MAILROOM_UPLOAD_TTL',
    section: 'Files',
    type: type.duration('1s', '90d'),
    initial: 86_400_000,
    initialText: '24h',
    unit: 'duration',
    description: 'An unfinished upload is removed when nothing has come for it for so long.',
  }),
  quotaBytes: variable({
    name: 'MAILROOM_QUOTA',
    section: 'Files',
    type: type.byteSize,
    initial: 10 * 2 ** 30,
    initialText: '10GiB',
    unit: 'size',
    description: "What one user's files, those in the trash and unfinished uploads may have together; 0 for no bound.",
  }),
  trashDays: variable({
    name: 'MAILROOM_TRASH_DAYS',
    section: 'Files',
    type: type.integer(0, 3_650),
    initial: 30,
    initialText: '30',
    unit: 'days',
    description: 'How long a file stays in the trash before it is deleted.',
  }),
  instantScope: variable<'all' | 'user' | 'off'>({
    name: 'MAILROOM_INSTANT_SCOPE',
    section: 'Files',
    type: type.choice(['all', 'user', 'off']),
    initial: 'all',
    initialText: 'all',
    description:
      "Whose contents an instant upload finds: 'all', only the user's own ('user'), or nobody's ('off': everything is uploaded).",
  }),
  thumbnailCacheBytes: variable({
    name: 'MAILROOM_THUMBNAIL_CACHE',
    section: 'Files',
    type: type.byteSize,
    initial: 2 ** 30,
    initialText: '1GiB',
    unit: 'size',
    description: 'Thumbnails on the disk have at most so many bytes; those not asked for longest go first.',
  }),
} as const;
