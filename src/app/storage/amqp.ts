/** Connections to RabbitMQ of one thread. */
import type { Logger } from '../../log/logger.ts';
import { AmqpConnection } from '../../storage/amqp/connection.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';

export interface CountedConnection {
  readonly connection: AmqpConnection;
  report(): BackEndReport;
}

/** Connects at once and for as long as it is not closed. What happens to it is logged, once for each change. */
export function connectAmqp(url: string, name: string, log: Logger): CountedConnection {
  let failures = 0;
  let hasBeenReady = false;
  let lastFault = '';
  const connection = new AmqpConnection({
    url,
    name: `mailroom: ${name}`,
    onEvent(event) {
      if (event.type === 'fault') {
        failures += 1;
        if (event.fault.message !== lastFault)
          log.warn('RabbitMQ is away', { connection: name, fault: event.fault.message });
        lastFault = event.fault.message;
      } else if (event.type === 'blocked') log.warn('RabbitMQ takes nothing now', { reason: event.reason });
      else if (event.type === 'unblocked') log.info('RabbitMQ takes messages again', { connection: name });
      else if (event.state === 'ready') {
        hasBeenReady = true;
        log.info('RabbitMQ is connected', { connection: name });
      }
    },
  });
  return {
    connection,
    report() {
      const away = hasBeenReady ? 'open' : 'connecting';
      const state = connection.state !== 'ready' ? away : connection.blocked ? 'degraded' : 'ready';
      return { name: `rabbitmq ${name}`, state, failures, refused: 0, inFlight: 0, waiting: 0, lastFault };
    },
  };
}
