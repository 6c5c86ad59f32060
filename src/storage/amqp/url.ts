/** The broker's address, taken apart for the driver. */
import type { Options } from 'amqplib';
import { StorageFault } from '../ports/faults.ts';

/**
 * Reads `amqp://user:password@host:port/vhost`, or `amqps://…`. A missing part has AMQP's own default. Throws a
 * `StorageFault` that does not repeat the address, for it holds a password.
 */
export function parseAmqpUrl(url: string, heartbeatS: number): Options.Connect {
  if (!URL.canParse(url)) throw new StorageFault('refused', 'the address of RabbitMQ is no URL');
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  if (protocol !== 'amqp:' && protocol !== 'amqps:') {
    throw new StorageFault('refused', `the address of RabbitMQ begins with amqp: or amqps:, not with ${protocol}`);
  }
  const parts: Options.Connect = {
    protocol: protocol.slice(0, -1),
    hostname: hostname.replace(/^\[|\]$/g, ''),
    heartbeat: heartbeatS,
    // The driver decodes it itself.
    vhost: pathname.slice(1),
  };
  if (port !== '') parts.port = Number(port);
  if (username !== '' || password !== '') {
    parts.username = decodeURIComponent(username);
    parts.password = decodeURIComponent(password);
  }
  return parts;
}
