/** The actor in front of people: profiles, settings, contacts and blocks. */
import type { People } from '../../storage/ports/people.ts';
import { askPort, definePortKind } from './port-actor.ts';

export const peopleKind = definePortKind<People>('people');

/** Asks for one operation of the port, with its types. */
export const askPeople = askPort(peopleKind);
