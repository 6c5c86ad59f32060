/** What a socket reports to the client. After `closed` nothing more may come. */
export interface SocketHandlers {
  opened(): void;
  received(bytes: Uint8Array): void;
  closed(code: number, reason: string): void;
}

/** The little of a WebSocket that the client uses. */
export interface SocketLike {
  /** Sends one binary WebSocket message. Only called between `opened` and `closed`. */
  send(bytes: Uint8Array): void;
  close(code?: number, reason?: string): void;
}

/**
 * Opens a socket; the seam at which tests and other transports come in. It reports nothing before it has returned, and
 * throws where the address is none.
 */
export type Connect = (url: string, handlers: SocketHandlers) => SocketLike;

/** A WebSocket implementation: the global one, or that of a package such as `ws`, which Node 20 needs. */
export type WebSocketConstructor = new (
  url: string,
  protocols: string,
) => {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
};

/** The subprotocol of this version of the wire. */
export const subprotocol = 'mailroom.v1';

/** Makes a `Connect` of a WebSocket implementation. */
export function webSocketConnect(implementation: WebSocketConstructor): Connect {
  return (url, handlers) => {
    const socket = new implementation(url, subprotocol);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => handlers.opened();
    socket.onmessage = (event: { readonly data: unknown }) => {
      if (event.data instanceof ArrayBuffer) handlers.received(new Uint8Array(event.data));
      else socket.close(1003, 'binary messages only');
    };
    socket.onclose = (event: { readonly code: number; readonly reason: string }) => {
      handlers.closed(event.code, event.reason);
    };
    // An error event says nothing that the close event after it does not say; without a handler Node's `ws` throws.
    socket.onerror = () => undefined;
    return {
      send: (bytes) => socket.send(bytes as Uint8Array<ArrayBuffer>),
      close: (code, reason) => socket.close(code, reason),
    };
  };
}
