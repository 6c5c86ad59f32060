/** How to speak to each server: where to connect, how to enter, how to post, and what a message says. */
import { readReply } from '../../src/protocol/envelope.ts';
import { encodeBody } from '../../src/protocol/frames/body.ts';
import { encodeRequest } from '../../src/protocol/frames/rpc.ts';
import { MsgpackReader } from '../../src/protocol/msgpack/reader.ts';
import type { Target } from '../lib/servers.ts';

/** What came in one chunk. A post is known by its id, a number from 1 that no other post of this load has. */
export interface Heard {
  /** Delivered posts in order. */
  readonly posts: readonly number[];
  /** Seq of each delivered post; empty where the server gives none. */
  readonly seqs: readonly number[];
  /** Requests that were answered. */
  readonly acks: readonly number[];
}

export interface Dialect {
  readonly acknowledges: boolean;
  path(room: string): string;
  /** What a client says first; undefined where nothing need be said. */
  hello(token: string): Uint8Array | undefined;
  post(id: number, room: string): Uint8Array;
  hear(messages: readonly Uint8Array[]): Heard;
}

/** Id of the request that says hello: no post has it. */
export const HELLO_ID = 0;

export function dialectOf(target: Target, payloadBytes: number): Dialect {
  return target === 'mailroom' ? mailroom(payloadBytes) : raw(payloadBytes);
}

function mailroom(payloadBytes: number): Dialect {
  const body = bodyOf(payloadBytes);
  return {
    acknowledges: true,
    path: () => '/v1/ws',
    hello: (token) => encodeRequest(HELLO_ID, 'hello', { token, client: 'bench' }),
    post: (id, room) => encodeRequest(id, 'messages.post', { room, nonce: String(id), body }),
    hear(messages) {
      const posts: number[] = [];
      const seqs: number[] = [];
      const acks: number[] = [];
      for (const message of messages) {
        const reader = new MsgpackReader(message, message.length);
        while (!reader.atEnd) {
          const reply = readReply(reader);
          if (reply.type === 'response') {
            if (reply.fault !== null) throw new Error(`refused: ${reply.fault.code}: ${reply.fault.message}`);
            acks.push(reply.id);
          } else if (reply.method === 'message') {
            posts.push(Number(reply.params.nonce));
            seqs.push(Number(reply.params.seq));
          } else if (reply.method !== 'read' && reply.method !== 'room-updated')
            throw new Error(`an unexpected ${reply.method}`);
        }
      }
      return { posts, seqs, acks };
    },
  };
}

/** A text body that is `bytes` long with all around the text. */
function bodyOf(bytes: number): Uint8Array {
  const around = encodeBody({ type: 'text', text: 'x'.repeat(100) }).length - 100;
  return encodeBody({ type: 'text', text: 'x'.repeat(Math.max(1, bytes - around)) });
}

function raw(payloadBytes: number): Dialect {
  return {
    acknowledges: false,
    path: (room) => `/room?${room}`,
    hello: () => undefined,
    post(id) {
      const message = new Uint8Array(payloadBytes).fill(120);
      new DataView(message.buffer).setUint32(0, id);
      return message;
    },
    hear: (messages) => ({
      posts: messages.map((message) => new DataView(message.buffer, message.byteOffset).getUint32(0)),
      seqs: [],
      acks: [],
    }),
  };
}
