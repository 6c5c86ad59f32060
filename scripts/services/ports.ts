/** The block of private ports, all counted from one base, so that two sets of services need two numbers only. */
import { connect } from 'node:net';

/** Below the range from which Linux gives out temporary ports, and away from every standard port of the back ends. */
export const DEFAULT_BASE_PORT = 24_300;

/** How many ports a set of services may use from its base port on. */
export const PORT_COUNT = 24;

export interface Ports {
  readonly mysqlPrimary: number;
  readonly mysqlReplica: number;
  readonly redis: number;
  readonly amqp: number;
  readonly epmd: number;
  readonly erlang: number;
  /** First and last port for the command-line tools of RabbitMQ. */
  readonly erlangTools: readonly [number, number];
  readonly s3: number;
  readonly cephMon: number;
  /** First and last port of the object storage daemon, which takes four of them. */
  readonly cephOsd: readonly [number, number];
}

export function portsFrom(base: number): Ports {
  return {
    mysqlPrimary: base,
    mysqlReplica: base + 1,
    redis: base + 2,
    amqp: base + 3,
    epmd: base + 4,
    erlang: base + 5,
    erlangTools: [base + 6, base + 9],
    s3: base + 10,
    cephMon: base + 11,
    cephOsd: [base + 12, base + PORT_COUNT - 1],
  };
}

/** True where something accepts connections at this port of 127.0.0.1. */
export function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = (taken: boolean): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.setTimeout(1_000, () => answer(true));
  });
}
