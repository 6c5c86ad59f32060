#!/usr/bin/env node
/**
 * The launcher: installs what is missing, then runs one command under the Bun that is a dependency of this project.
 * It runs under Node 20+ and under Bun and imports nothing that has to be installed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from './commands.mjs';
import { ensureInstalled } from './install.mjs';
import { runChild } from './run-child.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

function usage() {
  const lines = Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(10)} ${does}`);
  return `usage: npm run COMMAND -- [ARGUMENTS]   (or: bun run COMMAND [ARGUMENTS])\n\n${lines.join('\n')}\n`;
}

/** @param {string[]} words */
async function main([name, ...args]) {
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    process.stderr.write(name === undefined ? usage() : `mailroom: there is no command '${name}'\n${usage()}`);
    return 64;
  }
  if (!existsSync(join(root, command.file))) {
    process.stderr.write(`mailroom: '${name}' needs ${command.file}, which this checkout does not have\n`);
    return 69;
  }
  const bun = ensureInstalled(root);
  // Without this flag, an engine whose launcher was killed outright would go on and hold the port and the data.
  const guard = command.leavesProcesses === true ? [] : ['--no-orphans'];
  // A Bun that was started with the flag hands it on to those that it starts.
  if (command.leavesProcesses === true) delete process.env.BUN_FEATURE_FLAG_NO_ORPHANS;
  const argv = [...guard, join(root, command.file), ...command.args, ...args];
  return await runChild(bun, argv, { interactive: command.interactive === true });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`mailroom: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 70;
}
