/** The scripts that run inside Redis: one file each in `scripts/`, named there with its keys, arguments and answer. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface Script {
  readonly text: string;
  /** Hex SHA-1: how the server names it. */
  readonly digest: string;
}

export const SCRIPTS = {
  take: script('take'),
  fill: script('fill'),
  bury: script('bury'),
  release: script('release'),
  claim: script('claim'),
} as const;

function script(name: string): Script {
  const text = readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8');
  return { text, digest: createHash('sha1').update(text).digest('hex') };
}
