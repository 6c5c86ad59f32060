/** Installing: a stamp in `node_modules` names the lock file that was installed, so a changed lock file installs anew. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const NPM_ARGS = [
  'install',
  '--no-save',
  '--no-audit',
  '--no-fund',
  '--include=dev',
  '--include=optional',
  '--loglevel=error',
];

/**
 * Returns the path of a Bun that works, after running `install` where the packages are absent or of another lock file.
 * Throws an Error with one line for people where that cannot be had.
 *
 * @param {string} root
 * @param {(root: string) => void} install
 * @returns {string}
 */
export function ensureInstalled(root, install = installPackages) {
  const bun = join(root, 'node_modules', 'bun', 'bin', 'bun.exe');
  const stamp = join(root, 'node_modules', '.mailroom-installed');
  const wanted = lockDigest(root);
  if (existsSync(bun) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return bun;

  process.stderr.write('mailroom: installing dependencies, which takes about a minute the first time\n');
  install(root);
  if (!works(bun)) linkBun(root);
  if (!works(bun)) {
    throw new Error(
      `the installed Bun does not run (${bun}); is ${process.platform}-${process.arch} supported by Bun?`,
    );
  }
  writeFileSync(stamp, wanted);
  return bun;
}

/**
 * The platform is part of it, because a checkout may be shared between machines and the packages hold binaries.
 *
 * @param {string} root
 */
function lockDigest(root) {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return createHash('sha256').update(lock).update(`${process.platform}-${process.arch}`).digest('hex');
}

/**
 * `npm install --no-save` rather than `npm ci`: a lock file written where the registry lacks another platform's binaries
 * does not list them, and `npm ci` refuses it, while this installs the locked versions and leaves the lock as it is.
 *
 * @param {string} root
 */
function installPackages(root) {
  const [command, args, shell] = installer();
  // Standard output is kept for what the command itself prints.
  const { status, error } = spawnSync(command, args, { cwd: root, shell, stdio: ['ignore', 2, 2] });
  if (error !== undefined) throw new Error(`cannot run ${command}: ${error.message}`);
  if (status !== 0) throw new Error(`'${basename(command)} ${args.join(' ')}' failed; its messages are above`);
}

/** @returns {[string, string[], boolean]} */
function installer() {
  if (process.versions.bun !== undefined) return [process.execPath, ['install', '--no-save'], false];
  const npm = process.env.npm_execpath;
  if (npm !== undefined && basename(npm) === 'npm-cli.js') return [process.execPath, [npm, ...NPM_ARGS], false];
  return ['npm', NPM_ARGS, process.platform === 'win32'];
}

/** @param {string} bun */
function works(bun) {
  return existsSync(bun) && spawnSync(bun, ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * Does what Bun's own install script does, for package managers that do not run install scripts.
 *
 * @param {string} root
 */
function linkBun(root) {
  const cwd = join(root, 'node_modules', 'bun');
  if (!existsSync(join(cwd, 'install.js'))) return;
  spawnSync(process.execPath, ['install.js'], { cwd, stdio: ['ignore', 2, 2] });
}
