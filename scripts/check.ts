/** Types, lint and dead code: all of them, even after one has failed. */
import { CHECKS, passes } from './checks.ts';

const failed = CHECKS.filter((check) => !passes(check));
process.exitCode = failed.length === 0 ? 0 : 1;
