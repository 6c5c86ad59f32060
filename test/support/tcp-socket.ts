/** A WebSocket client on a bare TCP connection: it can stop reading, send broken frames, and vanish. */
import { connect, type Socket } from 'node:net';
import { decodeReplies, type RpcReply } from '../../src/protocol/envelope.ts';
import { Watchers } from './wait.ts';

const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

export class TcpSocket implements Disposable {
  /** What came so far, in order. */
  readonly replies: RpcReply[] = [];
  /** Resolves with the close code, 1006 where there was no goodbye. */
  readonly closed: Promise<number>;
  readonly #socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  #isUpgraded = false;
  #closeCode = 1006;
  readonly #watchers = new Watchers();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#received(chunk as Buffer));
    // A reset is one of the ways in which a server drops a reader; it shows in `closed`.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', () => resolve(this.#closeCode));
    });
  }

  static async open(url: string): Promise<TcpSocket> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    const client = new TcpSocket(socket);
    const key = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
    socket.write(
      `GET /v1/ws HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mailroom.v1\r\n\r\n`,
    );
    await client.until('the upgrade', () => client.#isUpgraded || undefined);
    return client;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** From now on nothing is read: the kernel's buffers fill, then the server's. */
  stopReading(): void {
    this.#socket.pause();
  }

  readOn(): void {
    this.#socket.resume();
  }

  /** One binary message. Frames of clients are masked; a mask of zeros leaves the bytes as they are. */
  send(payload: Uint8Array): void {
    this.#socket.write(frameOf(BINARY, payload));
  }

  /** Bytes below the WebSocket protocol. */
  sendRaw(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  until<T>(what: string, look: () => T | undefined, patienceMs?: number): Promise<T> {
    return this.#watchers.until(what, look, patienceMs);
  }

  #received(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (!this.#isUpgraded) this.#readHead();
    if (this.#isUpgraded) while (this.#readFrame());
    this.#watchers.look();
  }

  #readHead(): void {
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#buffer.subarray(0, end).toString();
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(`the upgrade was refused: ${head}`);
    this.#buffer = this.#buffer.subarray(end + 4);
    this.#isUpgraded = true;
  }

  /** Takes one whole frame off the buffer. The server never fragments. */
  #readFrame(): boolean {
    const buffer = this.#buffer;
    if (buffer.length < 2) return false;
    const opcode = (buffer[0] as number) & 15;
    let length = (buffer[1] as number) & 127;
    let offset = 2;
    if (length === 126) {
      if (buffer.length < 4) return false;
      length = buffer.readUInt16BE(2);
      offset = 4;
    } else if (length === 127) {
      if (buffer.length < 10) return false;
      length = Number(buffer.readBigUInt64BE(2));
      offset = 10;
    }
    if (buffer.length < offset + length) return false;
    this.#buffer = buffer.subarray(offset + length);
    this.#take(opcode, buffer.subarray(offset, offset + length));
    return true;
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === BINARY) this.replies.push(...decodeReplies(payload));
    if (opcode === PING) this.#socket.write(frameOf(PONG, payload));
    if (opcode === CLOSE && payload.length >= 2) this.#closeCode = payload.readUInt16BE(0);
  }
}

function frameOf(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const head =
    length < 126
      ? Buffer.from([128 | opcode, 128 | length])
      : length < 65_536
        ? Buffer.from([128 | opcode, 254, length >> 8, length & 255])
        : Buffer.concat([Buffer.from([128 | opcode, 255]), eightBytes(length)]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

function eightBytes(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}
