/** Files in posts and pictures: the user's right to each, and the room's right to read them from now on. */
import { type Fault, fault, toWireFault } from '../../../protocol/faults.ts';
import type { FileAccess, RoomGrant } from '../../../storage/ports/file-records.ts';
import { type FileAction, mayFile } from '../../files/permissions.ts';
import { askFileRecords } from '../../storage/file-records.ts';
import type { Conversation } from '../conversation.ts';
import { me } from './asking.ts';

export interface PostedFiles {
  readonly room: string;
  readonly nonce: string;
  readonly files: readonly string[];
}

/** Files that somebody gives to a room to read. */
interface GivenFiles {
  readonly room: string;
  /** What they are granted by. */
  readonly via: string;
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
  give(session, { room, via: `post:${me(session).id}:${nonce}`, files }, then);
}

/** A room's picture is for its members to read. To grant it again changes nothing. */
export function grantPicture(
  session: Conversation,
  room: string,
  file: string,
  then: (refusal: Fault | undefined) => void,
): void {
  give(session, { room, via: 'avatar', files: [file] }, then);
}

/** Whether the user may do that with a file that is to be a picture. Refused, it is as if there were none. */
export function checkPicture(
  session: Conversation,
  action: Extract<FileAction, 'share' | 'post'>,
  file: string,
  then: (refusal: Fault | undefined) => void,
): void {
  const { context } = session;
  askFileRecords(context, 'access', [me(session).id, [file], context.wallMs()], (reply) => {
    if (!reply.ok) return then(toWireFault(reply.fault));
    then(reply.value.some((access) => mayFile(action, access)) ? undefined : NO_SUCH_FILE);
  });
}

function give(
  session: Conversation,
  { room, via, files }: GivenFiles,
  then: (refusal: Fault | undefined) => void,
): void {
  const { context } = session;
  const by = me(session).id;
  const wanted = [...new Set(files)];
  askFileRecords(context, 'access', [by, wanted, context.wallMs()], (reply) => {
    if (!reply.ok) return then(toWireFault(reply.fault));
    const allowed = reply.value.filter((access) => mayFile('post', access));
    if (allowed.length < wanted.length) return then(NO_SUCH_FILE);
    const grant = { room, by, via, files: allowed.map(grantOf), at: context.wallMs() };
    askFileRecords(context, 'grantToRoom', [grant], (granted) => {
      if (!granted.ok) return then(toWireFault(granted.fault));
      then(granted.value === 'granted' ? undefined : granted.value === 'gone' ? NO_SUCH_FILE : NO_MEMBER);
    });
  });
}

function grantOf({ file, owner, name, content }: FileAccess): RoomGrant {
  return { file, owner, name, hash: content.hash };
}
