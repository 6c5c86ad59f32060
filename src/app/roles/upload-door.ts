/** Uploads as a download writes to them: with questions to the upload's actor, as a request's writing does. */
import { checkedFileName } from '../../actors/files/file-name.ts';
import { type Grant, type UploadMessage, uploadKind } from '../../actors/upload/messages.ts';
import type { ActiveWriter, Writers } from '../../actors/upload/writers.ts';
import { type OpenedUpload, type UploadDoor, UploadRefusal } from '../../files/download/upload-door.ts';
import type { AnswerOf, Reply } from '../../runtime/reply.ts';
import type { Shard } from '../../runtime/shard.ts';

const ASK_MS = 60_000;
/** An end may wait until the whole is hashed. */
const END_MS = 65 * 60 * 1_000;
const NOTHING_MORE = { metadata: null, concat: null, parts: null, sha256: null, hashes: [] };

export function uploadDoor(shard: Shard, writers: Writers): UploadDoor {
  const ask = <const Q extends UploadMessage>(
    id: string,
    question: Q,
    deadlineMs = ASK_MS,
  ): Promise<Reply<AnswerOf<UploadMessage, Q>>> => shard.ask(shard.ref(uploadKind, id), question, deadlineMs);

  const opened = (id: string, active: ActiveWriter, { offset, crc32, length }: Grant): OpenedUpload => {
    active.begun();
    const { token, letGo } = active;
    return {
      offset,
      crc32,
      length,
      letGo,
      async progress(reached, crc) {
        const reply = await ask(id, { type: 'progress', token, offset: reached, crc32: crc });
        return answered(reply).goOn;
      },
      async end(reached, crc, last) {
        try {
          const message = {
            type: 'end',
            token,
            offset: reached,
            crc32: crc,
            last,
            broken: !last,
            invalid: false,
          } as const;
          return answered(await ask(id, message, END_MS)).file;
        } finally {
          active.left();
        }
      },
    };
  };

  return {
    async look(user, id) {
      const reply = await ask(id, { type: 'look', user });
      if (isGone(reply)) return null;
      const { offset, file } = answered(reply);
      return { offset, file };
    },
    async create(user, id, { name, length }) {
      const token = shard.host.newId();
      const active = writers.enter(id, token);
      const upload = { ...NOTHING_MORE, name: checkedFileName(name) ?? 'download', length };
      const writer = { token, thread: shard.thread };
      const reply = await ask(id, { type: 'create', user, upload, writer, whole: false }, ASK_MS);
      return grantedOr(active, () => {
        const { grant } = answered(reply);
        if (grant === null) throw new UploadRefusal('conflict', 'the upload takes no bytes');
        return opened(id, active, grant);
      });
    },
    async resume(user, id, offset) {
      const token = shard.host.newId();
      const active = writers.enter(id, token);
      const writer = { token, thread: shard.thread };
      // What is there is reserved; what comes is reserved as it comes.
      const reply = await ask(id, { type: 'begin', user, offset, writer, length: null, bytes: 0 });
      if (isGone(reply)) {
        active.left();
        return null;
      }
      return grantedOr(active, () => {
        const grant = answered(reply);
        if (grant.isGranted) return opened(id, active, grant);
        active.left();
        return null;
      });
    },
    async terminate(user, id) {
      const reply = await ask(id, { type: 'terminate', user });
      if (!isGone(reply)) answered(reply);
    },
  };
}

function grantedOr<T>(active: ActiveWriter, then: () => T): T {
  try {
    return then();
  } catch (error) {
    active.left();
    throw error;
  }
}

function isGone(reply: Reply<unknown>): boolean {
  return !reply.ok && reply.fault.code === 'not_found';
}

function answered<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  throw new UploadRefusal(reply.fault.code, reply.fault.message);
}
