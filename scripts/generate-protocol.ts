/**
 * Writes what is made from the schemas of the wire: `src/protocol/checks.generated.ts` and the tables of
 * `docs/protocol.md`. With `--check` it writes nothing and fails where a file differs.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { METHODS, NOTIFICATIONS } from '../src/protocol/schema/catalogue.ts';
import { User } from '../src/protocol/schema/common.ts';
import { Contact } from '../src/protocol/schema/contacts.ts';
import { Message } from '../src/protocol/schema/messages.ts';
import { RoomMember, RoomSummary } from '../src/protocol/schema/rooms.ts';
import { ResumePosition } from '../src/protocol/schema/session.ts';
import { emitChecks } from './protocol/emit-checks.ts';
import { fillTables } from './protocol/emit-tables.ts';

const CHECKS = new URL('../src/protocol/checks.generated.ts', import.meta.url);
const REFERENCE = new URL('../docs/protocol.md', import.meta.url);

/** A file as it is and as it should be. */
export interface GeneratedFile {
  readonly path: string;
  readonly present: string;
  readonly wanted: string;
}

/** Everything that is generated, compared with what is there. */
export async function generateProtocol(): Promise<readonly GeneratedFile[]> {
  const reference = await readFile(REFERENCE, 'utf8');
  const checks = await readFile(CHECKS, 'utf8').catch(() => '');
  return [
    { path: fileURLToPath(CHECKS), present: checks, wanted: generatedChecks() },
    { path: fileURLToPath(REFERENCE), present: reference, wanted: fillTables(reference) },
  ];
}

function generatedChecks(): string {
  const named = Object.entries({ User, Contact, RoomSummary, RoomMember, Message, ResumePosition });
  return emitChecks(
    named.map(([name, schema]) => ({ name, schema })),
    [
      {
        name: 'PARAM_CHECKS',
        description: 'By method, what a client sends. Keys that are not known are let pass.',
        entries: Object.fromEntries(Object.entries(METHODS).map(([name, method]) => [name, method.params])),
      },
      {
        name: 'RESULT_CHECKS',
        description: 'By method, what a server answers.',
        entries: Object.fromEntries(Object.entries(METHODS).map(([name, method]) => [name, method.result])),
      },
      { name: 'NOTIFICATION_CHECKS', description: 'By name, what a server tells.', entries: NOTIFICATIONS },
    ],
  );
}

if (import.meta.main) {
  const stale = (await generateProtocol()).filter((file) => file.present !== file.wanted);
  const check = process.argv.includes('--check');
  for (const file of stale) {
    if (!check) await writeFile(file.path, file.wanted);
    console.log(`${check ? 'stale' : 'written'}: ${file.path}`);
  }
  if (check && stale.length > 0) process.exitCode = 1;
}
