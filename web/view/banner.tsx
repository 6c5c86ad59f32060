import { useEffect, useState } from 'preact/hooks';
import type { ConnectionState } from '../../src/client/connection.ts';
import { useChat } from './context.ts';

/** Says when the app is not connected. It comes late, so that a blip does not flash. */
export function Banner() {
  const chat = useChat();
  const { state } = chat.client;
  if (state.kind === 'ready' || state.kind === 'idle') return null;
  const quiet = state.kind === 'connecting' && state.attempt === 0;
  return (
    <div class={`banner ${quiet ? 'banner-quiet' : ''}`} role="status">
      <span class="spinner" aria-hidden="true" />
      <span>{state.kind === 'waiting' ? <Countdown untilMs={state.untilMs} /> : wordsFor(state)}</span>
      {state.kind === 'waiting' && (
        <button type="button" class="link-button" onClick={() => chat.client.wake()}>
          Try now
        </button>
      )}
      {state.kind === 'stopped' && (
        <button type="button" class="link-button" onClick={() => location.reload()}>
          Reload
        </button>
      )}
    </div>
  );
}

function wordsFor(state: ConnectionState): string {
  if (state.kind === 'stopped') return 'This page is no longer connected.';
  return state.kind === 'connecting' && state.attempt === 0 ? 'Connecting…' : 'Reconnecting…';
}

function Countdown({ untilMs }: { readonly untilMs: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.ceil((untilMs - now) / 1_000);
  // Counting aloud would keep screen readers busy, so they hear the first half only.
  return (
    <>
      No connection.
      {seconds > 1 && <span aria-hidden="true"> Trying again in {seconds} s.</span>}
    </>
  );
}
