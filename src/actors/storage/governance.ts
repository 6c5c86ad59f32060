/** The governance actor: the one door to fields, roles, mutes, bans, links and requests of rooms. */
import type { Governance } from '../../storage/ports/governance.ts';
import { askPort, definePortKind } from './port-actor.ts';

export const governanceKind = definePortKind<Governance>('governance');

/** Asks for one operation of the port, with its types. */
export const askGovernance = askPort(governanceKind);
