/** A socket that hands on what comes and keeps nothing, so that a test can load an engine without loading itself. */
import { decodeReplies, type RpcReply } from '../../../src/protocol/envelope.ts';
import { concat } from '../../../src/protocol/frames/rpc.ts';

export class LeanSocket {
  /** Resolves when the socket is gone, however it went. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket, onReply: (reply: RpcReply) => void) {
    this.#socket = socket;
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      for (const reply of decodeReplies(new Uint8Array(data))) onReply(reply);
    };
    this.closed = new Promise((resolve) => {
      socket.onclose = () => resolve();
    });
  }

  /** Rejects if the socket closes before it is open. */
  static open(url: string, onReply: (reply: RpcReply) => void): Promise<LeanSocket> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/ws`, 'mailroom.v1');
    socket.binaryType = 'arraybuffer';
    return new Promise((resolve, reject) => {
      socket.onopen = () => resolve(new LeanSocket(socket, onReply));
      socket.onclose = ({ code }) => reject(new Error(`the socket did not open: ${code}`));
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Sends frames as one WebSocket message. */
  send(frames: readonly Uint8Array[]): void {
    this.#socket.send(concat(frames) as Uint8Array<ArrayBuffer>);
  }

  /** Drops the connection without a goodbye. */
  drop(): void {
    (this.#socket as WebSocket & { terminate(): void }).terminate();
  }
}
