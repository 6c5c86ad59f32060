/** How rows and pages lie in the cache. What another release wrote, or a stranger, counts as absent. */
import type { MemberRecord } from '../ports/records.ts';
import type { Codec } from './space-options.ts';

/** A user as everybody may see them. A password's hash never leaves the records. */
export interface Profile {
  readonly id: string;
  readonly username: string;
}

export interface VersionedMembers {
  /** Of the room. */
  readonly version: number;
  readonly members: readonly MemberRecord[];
}

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const profileCodec: Codec<Profile> = {
  encode: ({ id, username }) => utf8.encode(JSON.stringify([id, username])),
  decode(bytes) {
    const row = parse(bytes);
    if (!Array.isArray(row)) return undefined;
    const [id, username] = row as readonly unknown[];
    return typeof id === 'string' && typeof username === 'string' ? { id, username } : undefined;
  },
};

/** Of what is not cached itself, only that it is there. */
export const markCodec: Codec<true> = {
  encode: () => new Uint8Array(0),
  decode: () => true,
};

export const membersCodec: Codec<VersionedMembers> = {
  encode: ({ version, members }) =>
    utf8.encode(
      JSON.stringify([
        version,
        members.map((each) => [each.user, each.username, each.role, each.read, each.joinedVersion, each.joinedSeq]),
      ]),
    ),
  decode(bytes) {
    const row = parse(bytes);
    if (!Array.isArray(row)) return undefined;
    const [version, list] = row as readonly unknown[];
    if (typeof version !== 'number' || !Array.isArray(list)) return undefined;
    const members: MemberRecord[] = [];
    for (const each of list as readonly unknown[]) {
      const member = memberOf(each);
      if (member === undefined) return undefined;
      members.push(member);
    }
    return { version, members };
  },
  versionOf: ({ version }) => version,
};

/** Frames one after the other, each behind its length as u32, big endian. */
export const framesCodec: Codec<readonly Uint8Array[]> = {
  encode(frames) {
    const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + 4 + frame.length, 0));
    const view = new DataView(bytes.buffer);
    let offset = 0;
    for (const frame of frames) {
      view.setUint32(offset, frame.length);
      bytes.set(frame, offset + 4);
      offset += 4 + frame.length;
    }
    return bytes;
  },
  decode(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: Uint8Array[] = [];
    for (let offset = 0; offset < bytes.length; ) {
      if (offset + 4 > bytes.length) return undefined;
      const end = offset + 4 + view.getUint32(offset);
      if (end > bytes.length) return undefined;
      frames.push(bytes.subarray(offset + 4, end));
      offset = end;
    }
    return frames;
  },
};

function memberOf(row: unknown): MemberRecord | undefined {
  if (!Array.isArray(row)) return undefined;
  const [user, username, role, read, joinedVersion, joinedSeq] = row as readonly unknown[];
  if (typeof user !== 'string' || typeof username !== 'string') return undefined;
  if (role !== 'owner' && role !== 'admin' && role !== 'member') return undefined;
  if (typeof read !== 'number' || typeof joinedVersion !== 'number' || typeof joinedSeq !== 'number') return undefined;
  return { user, username, role, read, joinedVersion, joinedSeq };
}

export function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(text.decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
