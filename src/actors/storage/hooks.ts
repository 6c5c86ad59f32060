/** The hooks actor: the one door to the stored hooks. */
import type { Hooks } from '../../storage/ports/hooks.ts';
import { askPort, definePortKind } from './port-actor.ts';

export const hooksKind = definePortKind<Hooks>('hooks');

/** Asks for one operation of the port, with its types. */
export const askHooks = askPort(hooksKind);
