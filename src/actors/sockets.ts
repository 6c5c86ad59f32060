/** Sockets as actors see them: numbers to send bytes to. The one file that touches real sockets implements this. */

/**
 * Number of a socket, unique on its thread for the life of the process. Where there are other nodes it is unique over all
 * starts of this one: users, rooms and kicks elsewhere may still speak of a socket that died with an earlier start.
 */
export type SocketId = number;

/**
 * *Details.* Nothing here blocks or throws. Sending to a socket that is gone does nothing. Bytes are not copied by the
 * caller and must not be changed afterwards.
 * *Gotchas.* A socket that does not read is closed once its buffer is full; its client resumes.
 */
export interface Sockets {
  send(socket: SocketId, bytes: Uint8Array): void;
  /** One call for all subscribers of the topic on this thread. */
  publish(topic: string, bytes: Uint8Array): void;
  subscribe(socket: SocketId, topic: string): void;
  unsubscribe(socket: SocketId, topic: string): void;
  /** Closes in good order: what was sent before still arrives. */
  close(socket: SocketId, code: number, reason: string): void;
}

/** What sockets have not read yet. */
export interface Backlog {
  /** Whether it is so much that what may be left out should be. */
  isBehind(socket: SocketId): boolean;
}
