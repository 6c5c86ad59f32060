/** The few frames of AMQP 0-9-1 that show that a user can open a virtual host: quicker than the broker's own tools. */
import { connect } from 'node:net';
import { Problem } from './problem.ts';

export interface AmqpLogin {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
}

const TIMEOUT_MS = 5_000;

const FRAME_METHOD = 1;
const FRAME_END = 0xce;
const FRAME_HEAD_BYTES = 7;

/** Methods of the class `connection`, by their number. */
const START = 10;
const START_OK = 11;
const TUNE = 30;
const TUNE_OK = 31;
const OPEN = 40;
const OPEN_OK = 41;
const CLOSE = 50;
const CLOSE_OK = 51;
const CONNECTION_CLASS = 10;

/** Opens the virtual host and closes it in good order. Rejects with the broker's words where it refuses. */
export function probeAmqp(login: AmqpLogin): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: login.port });
    let received = Buffer.alloc(0);
    const fail = (message: string): void => {
      socket.destroy();
      reject(new Problem(`the broker: ${message}`));
    };
    socket.setTimeout(TIMEOUT_MS, () => fail(`no answer within ${TIMEOUT_MS} ms`));
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail('it hung up'));
    socket.once('connect', () => socket.write('AMQP\0\0\x09\x01', 'latin1'));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      for (let frame = firstMethod(received); frame !== undefined; frame = firstMethod(received)) {
        received = received.subarray(frame.end);
        if (frame.method === CLOSE_OK) {
          resolve();
          socket.destroy();
          return;
        }
        const answer = answerTo(frame.method, frame.payload, login);
        if (answer === undefined) return fail(closeText(frame.method, frame.payload));
        for (const bytes of answer) socket.write(bytes);
      }
    });
  });
}

interface Method {
  readonly method: number;
  readonly payload: Buffer;
  readonly end: number;
}

/** The first whole frame, if there is one. */
function firstMethod(bytes: Buffer): Method | undefined {
  if (bytes.length < FRAME_HEAD_BYTES) return undefined;
  const end = FRAME_HEAD_BYTES + bytes.readUInt32BE(3) + 1;
  if (bytes.length < end) return undefined;
  const payload = bytes.subarray(FRAME_HEAD_BYTES, end - 1);
  return { method: payload.readUInt16BE(2), payload: payload.subarray(4), end };
}

function answerTo(method: number, payload: Buffer, login: AmqpLogin): Buffer[] | undefined {
  if (method === START) {
    const response = Buffer.from(`\0${login.user}\0${login.password}`);
    const noProperties = Buffer.alloc(4);
    return [frame(START_OK, noProperties, shortText('PLAIN'), longText(response), shortText('en_US'))];
  }
  if (method === TUNE) {
    const noBits = Buffer.alloc(1);
    return [frame(TUNE_OK, payload), frame(OPEN, shortText(login.vhost), shortText(''), noBits)];
  }
  if (method === OPEN_OK) {
    const [success, noMethod] = [Buffer.from([0, 200]), Buffer.alloc(4)];
    return [frame(CLOSE, success, shortText('done'), noMethod)];
  }
  return undefined;
}

function closeText(method: number, payload: Buffer): string {
  if (method !== CLOSE) return `it sent the method ${method}`;
  return `${payload.readUInt16BE(0)} ${payload.subarray(3, 3 + (payload[2] ?? 0)).toString()}`;
}

function frame(method: number, ...fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat(fields);
  const head = Buffer.alloc(FRAME_HEAD_BYTES + 4);
  head.writeUInt8(FRAME_METHOD, 0);
  head.writeUInt32BE(4 + body.length, 3);
  head.writeUInt16BE(CONNECTION_CLASS, FRAME_HEAD_BYTES);
  head.writeUInt16BE(method, FRAME_HEAD_BYTES + 2);
  return Buffer.concat([head, body, Buffer.from([FRAME_END])]);
}

function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function longText(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
