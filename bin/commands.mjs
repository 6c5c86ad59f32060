/**
 * The commands of `npm run X` and `bun run X`: the file that each one runs under the installed Bun, and the arguments
 * that come before the caller's own.
 *
 * `interactive` commands may ask a question, so they keep the terminal; all others run in a process group of their own.
 * What a command that `leavesProcesses` starts goes on after it; with any other command, its children end too.
 *
 * @type {Readonly<Record<string, { file: string, args: string[], does: string, interactive?: boolean, leavesProcesses?: boolean }>>}
 */
export const COMMANDS = {
  start: { file: 'src/main.ts', args: [], does: 'start the engine' },
  test: { file: 'scripts/test.ts', args: [], does: 'types, lint, dead code and all tests' },
  'test:full': { file: 'scripts/test-full.ts', args: [], does: 'all of that, and every outage of real back ends' },
  'test:unit': { file: 'scripts/test.ts', args: ['--unit'], does: 'only the tests beside the code' },
  check: { file: 'scripts/check.ts', args: [], does: 'types, lint and dead code, without tests' },
  format: { file: 'scripts/format.ts', args: [], does: 'format the code and apply safe fixes' },
  generate: { file: 'scripts/generate.ts', args: [], does: 'write the generated files anew' },
  bench: { file: 'bench/main.ts', args: [], does: 'run a benchmark' },
  services: {
    file: 'scripts/services.ts',
    args: [],
    does: 'real back ends for development and tests',
    leavesProcesses: true,
  },
  simulate: { file: 'scripts/simulate.ts', args: [], does: 'run the engine under simulated faults' },
  'dead-letters': { file: 'src/dead-letters.ts', args: [], does: 'look after records that could not be stored' },
  admin: { file: 'src/admin.ts', args: [], does: 'look after users of a stopped or running engine', interactive: true },
  promote: { file: 'scripts/promote-replica.ts', args: [], does: 'make a MySQL replica the primary' },
};
