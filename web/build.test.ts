import { expect, test } from 'bun:test';
import { buildWeb } from './build.ts';

test('[WEB20] the page names files that are served, under names that change with their content', async () => {
  const assets = await buildWeb();
  const page = new TextDecoder().decode(assets.get('/')?.bytes);
  const named = [...page.matchAll(/(?:src|href|content)="(\/[^"]+)"/g)].map((match) => match[1] ?? '');
  expect(named).toHaveLength(5);
  for (const path of named) expect(assets.has(path)).toBe(true);
  const hashed = named.filter((path) => /^\/(?:app|hash-worker)-[a-z0-9]+\.(?:js|css)$/.test(path));
  expect(hashed).toHaveLength(3);
  for (const [path, asset] of assets) expect(asset.immutable).toBe(hashed.includes(path));
});

test('[WEB21] the page holds neither scripts nor styles of its own, as the content policy wants it', async () => {
  const assets = await buildWeb();
  const page = new TextDecoder().decode(assets.get('/')?.bytes);
  expect(page).not.toMatch(/<style|style=|<script(?![^>]*\bsrc=)|\son\w+=/);
});

test('[WEB22] the bundle stays small and needs no `process`', async () => {
  const assets = await buildWeb();
  const script =
    [...assets].find(([path]) => path.startsWith('/app-') && path.endsWith('.js'))?.[1].bytes ?? new Uint8Array();
  expect(Bun.gzipSync(script.slice()).length).toBeLessThan(120_000);
  expect(new TextDecoder().decode(script)).not.toContain('process.env');
});
