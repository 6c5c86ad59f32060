/** Failures of actors that follow from what the simulation does to them. Any other is a defect. */
import { StorageFault } from '../../../src/storage/ports/faults.ts';
import { SABOTAGED } from './sabotage.ts';

const EXPECTED = [
  SABOTAGED,
  'the outcome of an append is unknown',
  'the log answered out of order',
  'a room cannot load',
  'a user cannot load',
];

export function isExpected(error: unknown): boolean {
  if (error instanceof StorageFault) return true;
  return error instanceof Error && EXPECTED.some((text) => error.message.startsWith(text));
}
