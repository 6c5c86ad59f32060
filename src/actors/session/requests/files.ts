/** Files in posts: the poster's right to each, and the room's right to read them from now on. */
import { type Fault, fault, toWireFault } from '../../../protocol/faults.ts';
import type { FileAccess, RoomGrant } from '../../../storage/ports/file-records.ts';
import { mayFile } from '../../files/permissions.ts';
import { askFileRecords } from '../../storage/file-records.ts';
import type { Conversation } from '../conversation.ts';
import { me } from './asking.ts';

export interface PostedFiles {
  readonly room: string;
  readonly nonce: string;
  readonly files: readonly string[];
}

const NO_SUCH_FILE = fault('not_found', 'there is no such file');
const NO_MEMBER = fault('forbidden', 'not a member of this room');

/**
 * Grants the files to the room, before anything of the post is in the log; calls back with the refusal, or with undefined.
 * To grant for the same nonce again changes nothing.
 */
export function grantFiles(
  session: Conversation,
  { room, nonce, files }: PostedFiles,
  then: (refusal: Fault | undefined) => void,
): void {
  const { context } = session;
  const by = me(session).id;
  const wanted = [...new Set(files)];
  askFileRecords(context, 'access', [by, wanted, context.wallMs()], (reply) => {
    if (!reply.ok) return then(toWireFault(reply.fault));
    const allowed = reply.value.filter((access) => mayFile('post', access));
    if (allowed.length < wanted.length) return then(NO_SUCH_FILE);
    const grant = { room, by, via: `post:${by}:${nonce}`, files: allowed.map(grantOf), at: context.wallMs() };
    askFileRecords(context, 'grantToRoom', [grant], (granted) => {
      if (!granted.ok) return then(toWireFault(granted.fault));
      then(granted.value === 'granted' ? undefined : granted.value === 'gone' ? NO_SUCH_FILE : NO_MEMBER);
    });
  });
}

function grantOf({ file, owner, name, content }: FileAccess): RoomGrant {
  return { file, owner, name, hash: content.hash };
}
