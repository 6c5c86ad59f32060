/** Installs the Debian packages of the programs that are missing, without letting them start anything. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { execute, PATH } from './execute.ts';
import type { Part } from './part.ts';
import { Problem } from './problem.ts';

const INSTALL_MS = 600_000;

/** Debian's scripts ask this program whether an installed service may start; 101 forbids it. */
const POLICY = '/usr/sbin/policy-rc.d';

/** Debian packages that the parts need and that this machine lacks. */
export function missingPackages(parts: readonly Part[]): string[] {
  const missing = parts.flatMap((part) => Object.entries(part.programs).filter(([program]) => !isInstalled(program)));
  return [...new Set(missing.map(([, debianPackage]) => debianPackage))];
}

export async function installPackages(names: readonly string[]): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || Bun.which('apt-get', { PATH }) === null) {
    throw new Problem(`missing programs; as root: apt-get install --no-install-recommends ${names.join(' ')}`);
  }
  const install = (): Promise<string> =>
    execute('apt-get', ['install', '--yes', '--no-install-recommends', ...names], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      timeoutMs: INSTALL_MS,
    });
  const ownPolicy = !existsSync(POLICY);
  if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    // Without a list of packages, or with one that is out of date, the first attempt fails.
    await install().catch(async () => {
      await execute('apt-get', ['update'], { timeoutMs: INSTALL_MS });
      await install();
    });
  } finally {
    if (ownPolicy) rmSync(POLICY);
  }
}

function isInstalled(program: string): boolean {
  return isAbsolute(program) ? existsSync(program) : Bun.which(program, { PATH }) !== null;
}
