/**
 * The peer: `Bun.serve` with native publish and nothing around it. No accounts, no order that is written down, no
 * durability; it is the floor that any server on Bun stands on.
 *
 * `/room?NAME` publishes every message to the room's sockets, `/echo` sends it back.
 */

interface Guest {
  /** Null: echo. */
  readonly room: string | null;
}

const server = Bun.serve<Guest>({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, self) {
    const { pathname, search } = new URL(request.url);
    const room = pathname === '/room' ? search.slice(1) : null;
    return self.upgrade(request, { data: { room } }) ? undefined : new Response('a WebSocket is expected');
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      if (socket.data.room !== null) socket.subscribe(socket.data.room);
    },
    message(socket, message) {
      if (socket.data.room === null) socket.sendBinary(message as Buffer);
      else server.publish(socket.data.room, message);
    },
  },
});

process.stdout.write(`${server.port}\n`);
