import { useEffect, useRef, useState } from 'preact/hooks';
import type { Presence } from '../../src/client/wire.ts';
import { useObservable } from '../model/observable.ts';
import { useChat } from './context.ts';

const words = { online: 'online', away: 'away', offline: undefined } as const;

/** Whether a user is there, followed as long as the component is. */
export function usePresence(user: string): Presence | undefined {
  const { presences } = useChat();
  useObservable(presences);
  useEffect(() => presences.watch(user), [presences, user]);
  return presences.of(user);
}

/** A dot at an avatar: who is there. Only those on the screen are followed. */
export function PresenceDot({ user }: { readonly user: string }) {
  const { presences } = useChat();
  useObservable(presences);
  const dot = useRef<HTMLSpanElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const element = dot.current;
    if (element === null) return;
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1)?.isIntersecting === true));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => (seen ? presences.watch(user) : undefined), [presences, user, seen]);
  const state = presences.of(user)?.state ?? 'offline';
  return (
    <span ref={dot} class={`presence presence-${state}`}>
      {words[state] !== undefined && <span class="sr-only">{words[state]}</span>}
    </span>
  );
}
