/** The whole suite with nothing left out: every cell of the outage matrix, every mix of back ends, and no test skipped. */
import { env } from 'node:process';

env.MAILROOM_TEST_FULL = '1';
env.MAILROOM_TEST_SERVICES = '1';
env.CI = 'true';
await import('./test.ts');
