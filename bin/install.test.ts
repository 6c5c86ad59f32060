import { expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';

function checkout() {
  const root = mkdtempSync(join(tmpdir(), 'mailroom-install-'));
  writeFileSync(join(root, 'package-lock.json'), '{"version":1}');
  let installs = 0;
  const install = (): void => {
    installs += 1;
    mkdirSync(join(root, 'node_modules/bun/bin'), { recursive: true });
    rmSync(join(root, 'node_modules/bun/bin/bun.exe'), { force: true });
    symlinkSync(process.execPath, join(root, 'node_modules/bun/bin/bun.exe'));
  };
  return {
    root,
    run: () => ensureInstalled(root, install),
    installs: () => installs,
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

test('[RUN1] packages are installed where they are absent, and not again after that', () => {
  using tree = checkout();
  expect(tree.run()).toBe(join(tree.root, 'node_modules/bun/bin/bun.exe'));
  tree.run();
  expect(tree.installs()).toBe(1);
});

test('[RUN1] a changed lock file and a removed node_modules install again', () => {
  using tree = checkout();
  tree.run();
  writeFileSync(join(tree.root, 'package-lock.json'), '{"version":2}');
  tree.run();
  expect(tree.installs()).toBe(2);
  rmSync(join(tree.root, 'node_modules'), { recursive: true });
  tree.run();
  expect(tree.installs()).toBe(3);
});

test('[RUN2] a Bun whose install script did not run is linked by the launcher', () => {
  using tree = checkout();
  const install = (): void => {
    mkdirSync(join(tree.root, 'node_modules/bun/bin'), { recursive: true });
    writeFileSync(join(tree.root, 'node_modules/bun/bin/bun.exe'), 'not a program');
    const script = `const fs = require('fs'); fs.rmSync('bin/bun.exe'); fs.symlinkSync(${JSON.stringify(process.execPath)}, 'bin/bun.exe');`;
    writeFileSync(join(tree.root, 'node_modules/bun/install.js'), script);
  };
  expect(ensureInstalled(tree.root, install)).toEndWith('bun.exe');
});

test('[RUN2] a Bun that cannot run is an error that says so, and is not taken for installed', () => {
  using tree = checkout();
  const install = (): void => {
    mkdirSync(join(tree.root, 'node_modules/bun'), { recursive: true });
  };
  expect(() => ensureInstalled(tree.root, install)).toThrow('does not run');
  tree.run();
  expect(tree.installs()).toBe(1);
});
