/** The actor in front of the records of downloads. */
import type { Downloads } from '../../storage/ports/downloads.ts';
import { definePortKind } from './port-actor.ts';

export const downloadsKind = definePortKind<Downloads>('downloads');
