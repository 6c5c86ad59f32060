/** Formats the whole checkout and applies the linter's safe fixes. */
import { FORMAT, passes } from './checks.ts';

process.exitCode = passes(FORMAT) ? 0 : 1;
