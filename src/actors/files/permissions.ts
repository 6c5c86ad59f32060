/** Who may do what with a file: the one place that decides. Whoever has no role in it never learns that it exists. */
import type { FileAccess, FileRole, FileState } from '../../storage/ports/file-records.ts';

/** `read` the bytes; `change` its name, or put it into the trash; `restore` or purge it out of there; `share` it; `post` it to a room. */
export type FileAction = 'read' | 'change' | 'restore' | 'share' | 'post';

const EVERY: readonly FileState[] = ['live', 'trashed', 'gone'];

/**
 * In which states of the file a role allows the action. What was posted to a room stays there whatever its owner does, and
 * members may post it on, as they have it in their hands; what was given to a friend is there as long as the owner lets it.
 */
const ALLOWED: Readonly<Record<FileRole, Readonly<Record<FileAction, readonly FileState[]>>>> = {
  owner: { read: ['live', 'trashed'], change: ['live'], restore: ['trashed'], share: ['live'], post: ['live'] },
  member: { read: EVERY, change: [], restore: [], share: [], post: EVERY },
  friend: { read: ['live'], change: [], restore: [], share: [], post: [] },
};

export function mayFile(action: FileAction, { roles, state }: Pick<FileAccess, 'roles' | 'state'>): boolean {
  return roles.some((role) => ALLOWED[role][action].includes(state));
}
