/** The door to contents' bytes for who claims to have them, on the thread that has the files. */
import type { Behaviour } from '../../runtime/kind.ts';
import { definePortKind, type PortMessage, portActor } from '../storage/port-actor.ts';

export interface ChallengedRange {
  readonly offset: number;
  readonly length: number;
}

export interface PossessionClaim {
  /** Where the content is. */
  readonly address: string;
  readonly challenge: string;
  readonly nonce: Uint8Array;
  readonly ranges: readonly ChallengedRange[];
  /** Hex, as the client sent it. */
  readonly proof: string;
}

export interface Possession {
  /** Whether the proof could only be made by who has these ranges. False too where this node cannot read them. */
  holds(claim: PossessionClaim): Promise<boolean>;
}

export const possessionKind = definePortKind<Possession>('possession');

export function possession(driver: Possession): Behaviour<PortMessage<Possession>> {
  return portActor(driver);
}
