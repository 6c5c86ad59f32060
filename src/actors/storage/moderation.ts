/** The moderation actor: the one door to standings, reports and the log of actions. */
import type { Moderation } from '../../storage/ports/moderation.ts';
import { askPort, definePortKind } from './port-actor.ts';

export const moderationKind = definePortKind<Moderation>('moderation');

/** Asks for one operation of the port, with its types. */
export const askModeration = askPort(moderationKind);
