/**
 * A WebSocket client that does little: the load must cost less than what it loads. It masks with zeros, expects binary
 * messages that are not fragmented, and answers pings.
 */
import type { Socket } from 'bun';

const CONTINUATION = 0;
const CLOSE = 8;
const PING = 9;
const MASKED = 0x80;
const HEAD_END = new TextEncoder().encode('\r\n\r\n');

/** What was read at one go: usually the same bytes for every socket of a room. */
export interface LoadSocketEvents {
  /** Whole messages, one after the other; views that are valid during the call. `chunk` is what they lie in. */
  received(socket: LoadSocket, chunk: Uint8Array, messages: () => readonly Uint8Array[]): void;
  /** The server ended the connection. */
  ended(socket: LoadSocket, why: string): void;
}

export class LoadSocket {
  /** Position among all sockets of the load. */
  readonly index: number;
  readonly #events: LoadSocketEvents;
  #raw: Socket | undefined;
  #upgraded: (() => void) | undefined;
  #rest: Uint8Array = new Uint8Array(0);
  #unsent: Uint8Array[] = [];

  private constructor(index: number, events: LoadSocketEvents) {
    this.index = index;
    this.#events = events;
  }

  static async connect(index: number, port: number, path: string, events: LoadSocketEvents): Promise<LoadSocket> {
    const socket = new LoadSocket(index, events);
    const upgraded = new Promise<void>((resolve) => {
      socket.#upgraded = resolve;
    });
    socket.#raw = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        binaryType: 'uint8array',
        data: (_, chunk) => socket.#read(chunk),
        drain: () => socket.#drain(),
        close: () => events.ended(socket, 'the connection closed'),
        error: (_, error) => events.ended(socket, error.message),
      },
    });
    const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
    const lines = [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Upgrade: websocket', 'Connection: Upgrade'];
    lines.push(`Sec-WebSocket-Key: ${key}`, 'Sec-WebSocket-Version: 13', '', '');
    socket.#write(new TextEncoder().encode(lines.join('\r\n')));
    await upgraded;
    return socket;
  }

  send(message: Uint8Array): void {
    this.#write(frameOf(0x82, message));
  }

  close(): void {
    this.#raw?.end();
  }

  #write(bytes: Uint8Array): void {
    if (this.#unsent.length > 0) this.#unsent.push(bytes);
    else {
      const written = Math.max(0, this.#raw?.write(bytes) ?? 0);
      if (written < bytes.length) this.#unsent.push(bytes.subarray(written));
    }
  }

  #drain(): void {
    const unsent = this.#unsent;
    this.#unsent = [];
    for (const bytes of unsent) this.#write(bytes);
  }

  #read(chunk: Uint8Array): void {
    if (this.#upgraded !== undefined) return this.#readHead(chunk);
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const end = wholeUpTo(bytes);
    this.#rest = end === bytes.length ? NOTHING : bytes.slice(end);
    if (end === 0) return;
    const whole = bytes.subarray(0, end);
    this.#events.received(this, whole, () => this.#messages(whole));
  }

  #readHead(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) {
      this.#rest = bytes;
      return;
    }
    const head = bytes.subarray(0, end).toString('latin1');
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(`no upgrade: ${head.split('\r\n')[0]}`);
    const upgraded = this.#upgraded;
    this.#upgraded = undefined;
    this.#rest = NOTHING;
    upgraded?.();
    const rest = bytes.subarray(end + HEAD_END.length);
    if (rest.length > 0) queueMicrotask(() => this.#read(rest));
  }

  #messages(whole: Uint8Array): Uint8Array[] {
    const messages: Uint8Array[] = [];
    for (let offset = 0; offset < whole.length; ) {
      const opcode = (whole[offset] as number) & 0x0f;
      const start = offset + headLength(whole, offset);
      const payload = whole.subarray(start, start + payloadLength(whole, offset));
      offset = start + payload.length;
      if (opcode === PING) this.#write(frameOf(0x8a, payload));
      else if (opcode === CLOSE) this.#events.ended(this, `closed with ${closeText(payload)}`);
      else if (opcode === CONTINUATION) throw new Error('a fragmented message');
      else messages.push(payload);
    }
    return messages;
  }
}

const NOTHING = new Uint8Array(0);

function closeText(payload: Uint8Array): string {
  return `${((payload[0] ?? 0) << 8) | (payload[1] ?? 0)} ${new TextDecoder().decode(payload.subarray(2))}`;
}

/** Where the last whole frame ends. */
function wholeUpTo(bytes: Uint8Array): number {
  let offset = 0;
  while (bytes.length - offset >= 2) {
    const head = headLength(bytes, offset);
    if (bytes.length - offset < head) break;
    const next = offset + head + payloadLength(bytes, offset);
    if (next > bytes.length) break;
    offset = next;
  }
  return offset;
}

function headLength(bytes: Uint8Array, offset: number): number {
  const length = (bytes[offset + 1] as number) & 0x7f;
  if (length < 126) return 2;
  return length === 126 ? 4 : 10;
}

function payloadLength(bytes: Uint8Array, offset: number): number {
  const length = (bytes[offset + 1] as number) & 0x7f;
  if (length < 126) return length;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset + 2);
  return length === 126 ? view.getUint16(0) : Number(view.getBigUint64(0));
}

/** A masked frame whose mask is zero, so that the payload stays as it is. */
function frameOf(first: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const head = length < 126 ? 6 : length < 65_536 ? 8 : 14;
  const frame = new Uint8Array(head + length);
  frame[0] = first;
  if (length < 126) frame[1] = MASKED | length;
  else {
    frame[1] = MASKED | (length < 65_536 ? 126 : 127);
    const view = new DataView(frame.buffer);
    if (length < 65_536) view.setUint16(2, length);
    else view.setBigUint64(2, BigInt(length));
  }
  frame.set(payload, head);
  return frame;
}
