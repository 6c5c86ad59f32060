/** The actor in front of the copy of presence that other programs read. */
import type { PresenceMirror } from '../../storage/ports/presence-mirror.ts';
import { askPort, definePortKind } from './port-actor.ts';

export const presenceMirrorKind = definePortKind<PresenceMirror>('presence-mirror');

export const askPresenceMirror = askPort(presenceMirrorKind);
