/** The actor in front of the index of sessions. */
import type { SessionIndex } from '../../storage/ports/session-index.ts';
import { askPort, definePortKind } from './port-actor.ts';

export const sessionIndexKind = definePortKind<SessionIndex>('session-index');

export const askSessionIndex = askPort(sessionIndexKind);
