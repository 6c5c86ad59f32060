import { useCallback } from 'preact/hooks';
import type { RoomsBansResult } from '../../src/client/wire.ts';
import { momentOf } from '../model/text.ts';
import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import type { PanelProps } from './member-panel.tsx';
import { PersonRow } from './person-row.tsx';
import { useLoaded, useWork } from './work.ts';

type Ban = RoomsBansResult['bans'][number];

/** Who may not come in. */
export function BansDialog({ room, onClose }: PanelProps) {
  const { governing } = useChat().client;
  const load = useCallback(async () => {
    const bans: Ban[] = [];
    let cursor: string | undefined;
    do {
      const page: RoomsBansResult = await governing.bans(room.id, cursor);
      bans.push(...page.bans);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return bans;
  }, [governing, room.id]);
  const { value: bans, problem, reload } = useLoaded(load);
  return (
    <Dialog title="Banned people" onClose={onClose}>
      {problem !== undefined && <p role="alert">{problem}</p>}
      {bans?.length === 0 && <p class="hint">Nobody is banned from this room.</p>}
      <ul class="people-list" aria-label="Banned people">
        {bans?.map((ban) => (
          <BanRow key={ban.user} ban={ban} lift={() => governing.unban(room.id, ban.user).then(reload)} />
        ))}
      </ul>
    </Dialog>
  );
}

function BanRow({ ban, lift }: { readonly ban: Ban; readonly lift: () => Promise<void> }) {
  const { busy, problem, run } = useWork();
  const until = ban.until === 0 ? 'for ever' : `until ${momentOf(ban.until)}`;
  const note = ban.reason === '' ? until : `${ban.reason} · ${until}`;
  return (
    <PersonRow id={ban.user} username={ban.username} note={note} problem={problem}>
      <button type="button" class="button button-small" disabled={busy} onClick={() => void run(lift)}>
        Lift ban
      </button>
    </PersonRow>
  );
}
