import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Room } from '../../src/client/directory.ts';
import type { Message } from '../../src/client/wire.ts';

/** What the line to write in is about, besides a message of its own. */
export interface ComposerTarget {
  readonly kind: 'reply' | 'edit';
  readonly message: Message;
}

/** The open conversation, for what stands in it. */
export interface Talk {
  readonly room: Room;
  readonly target: ComposerTarget | undefined;
  readonly aim: (target: ComposerTarget | undefined) => void;
}

export const TalkContext = createContext<Talk | undefined>(undefined);

/** The open conversation. Only for components below the provider. */
export function useTalk(): Talk {
  const talk = useContext(TalkContext);
  if (talk === undefined) throw new Error('no conversation around this component');
  return talk;
}
