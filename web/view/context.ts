import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Chat } from '../model/chat.ts';

export const ChatContext = createContext<Chat | undefined>(undefined);

/** The chat of the logged-in user. Only for components below the provider. */
export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (chat === undefined) throw new Error('no chat around this component');
  return chat;
}
