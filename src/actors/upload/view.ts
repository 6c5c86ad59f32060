/** An upload as its client may see it. */
import type { UploadState } from '../../storage/ports/upload-journal.ts';
import type { UploadView } from './messages.ts';

export function viewOf(state: UploadState): UploadView {
  const { created, length, expiresAt, file } = state;
  return {
    id: created.id,
    offset: created.parts === null ? state.offset : state.verified === null ? 0 : (length ?? 0),
    length,
    expiresAt,
    metadata: created.metadata,
    concat: created.concat,
    isFinal: created.parts !== null,
    isWhole: isWhole(state),
    file,
  };
}

/** All bytes are there, or, of a final upload, in its parts. */
export function isWhole(state: UploadState): boolean {
  return state.created.parts !== null || state.verified !== null || state.offset === state.length;
}

/** Parts become no file of their own. */
export function isPartial({ created }: UploadState): boolean {
  return created.concat !== null && created.parts === null;
}
