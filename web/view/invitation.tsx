import { useState } from 'preact/hooks';
import type { Room } from '../../src/client/directory.ts';
import { asMailroomError } from '../../src/client/errors.ts';
import { route } from '../model/route.ts';
import { explainJoining } from '../model/text.ts';
import { useChat } from './context.ts';
import { Icon } from './icon.tsx';

/** A room that the user is not in, by its id. */
export function Invitation({ id }: { readonly id: string }) {
  const { client } = useChat();
  return <Joining join={() => client.joinRoom(id)} />;
}

/** What a link of an invitation leads to. */
export function LinkInvitation({ token }: { readonly token: string }) {
  const { client, greeted } = useChat();
  if (!greeted) return <main class="conversation" aria-busy="true" />;
  return <Joining join={() => client.joinByLink(token)} />;
}

function Joining({ join }: { readonly join: () => Promise<Room> }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const attempt = async () => {
    setBusy(true);
    try {
      route.open((await join()).id);
    } catch (error) {
      setProblem(explainJoining(asMailroomError(error)));
      setBusy(false);
    }
  };
  return (
    <main class="conversation conversation-none">
      <div class="empty">
        <Icon name="link" />
        <h2>{problem === undefined ? 'You are not in this room' : 'You are not in this room yet'}</h2>
        <p role="status">{problem ?? 'Someone shared a link to it with you. Join to read along and take part.'}</p>
        <div class="empty-actions">
          <a class="button" href="#/">
            Back
          </a>
          <button type="button" class="button button-primary" disabled={busy} onClick={() => void attempt()}>
            {problem === undefined ? 'Join room' : 'Try again'}
          </button>
        </div>
      </div>
    </main>
  );
}
