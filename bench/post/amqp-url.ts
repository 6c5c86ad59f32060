/** Where RabbitMQ is: by the variable, else by `npm run services`. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../lib/environment.ts';

export function amqpUrl(): string | undefined {
  const given = process.env.MAILROOM_AMQP_URL;
  if (given !== undefined) return given;
  if (!existsSync(join(ROOT, '.services'))) return undefined;
  const args = [join(ROOT, 'scripts/services.ts'), 'env', '--json'];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return (JSON.parse(stdout) as Record<string, string | undefined>).MAILROOM_AMQP_URL;
}
