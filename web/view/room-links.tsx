import { useCallback, useState } from 'preact/hooks';
import type { RoomLink } from '../../src/client/wire.ts';
import { linkOfInvitation } from '../model/route.ts';
import { momentOf } from '../model/text.ts';
import { useChat } from './context.ts';
import { CopyButton } from './copy-button.tsx';
import { Dialog } from './dialog.tsx';
import { Form } from './form.tsx';
import { Choice } from './form-fields.tsx';
import type { PanelProps } from './member-panel.tsx';
import { useLoaded, useWork } from './work.ts';

const DAY_MS = 24 * 3_600_000;
const LIVES = [
  [String(7 * DAY_MS), 'For a week'],
  [String(DAY_MS), 'For a day'],
  [String(30 * DAY_MS), 'For 30 days'],
  ['0', 'Without an end'],
] as const;
const USES = [
  ['0', 'Any number'],
  ['1', 'One'],
  ['10', '10'],
  ['100', '100'],
] as const;

/** Links by which whoever has one comes in. */
export function LinksDialog({ room, onClose }: PanelProps) {
  const { governing } = useChat().client;
  const load = useCallback(() => governing.links(room.id), [governing, room.id]);
  const { value: links, problem, reload } = useLoaded(load);
  const [made, setMade] = useState<string>();
  const make = async (value: (name: string) => string) => {
    const life = Number(value('life'));
    const { token } = await governing.createLink(room.id, {
      maxUses: Number(value('uses')),
      expiresAt: life === 0 ? 0 : Date.now() + life,
    });
    setMade(linkOfInvitation(token));
    await reload();
  };
  return (
    <Dialog title="Invitation links" onClose={onClose}>
      {made !== undefined && (
        <div class="made-link">
          <p role="status">Your new link, shown only now:</p>
          <code>{made}</code>
          <CopyButton key={made} text={made} label="Copy the new link" />
        </div>
      )}
      <Form submit="Make a link" onSubmit={make}>
        <Choice label="It lets people in" name="life" value={String(7 * DAY_MS)} options={LIVES} />
        <Choice label="How many people" name="uses" value="0" options={USES} />
      </Form>
      {problem !== undefined && <p role="alert">{problem}</p>}
      <ul class="people-list" aria-label="Links of the room">
        {links?.map((link) => (
          <LinkRow key={link.link} link={link} revoke={() => governing.revokeLink(room.id, link.link).then(reload)} />
        ))}
      </ul>
    </Dialog>
  );
}

function LinkRow({ link, revoke }: { readonly link: RoomLink; readonly revoke: () => Promise<void> }) {
  const { names } = useChat();
  const { busy, problem, run } = useWork();
  const uses = link.maxUses === 0 ? `${link.uses} came in` : `${link.uses} of ${link.maxUses} came in`;
  const isOver =
    (link.maxUses > 0 && link.uses >= link.maxUses) || (link.expiresAt > 0 && link.expiresAt <= Date.now());
  const end = link.expiresAt === 0 ? 'without an end' : `until ${momentOf(link.expiresAt)}`;
  return (
    <li class="person">
      <span class="person-names">
        By {names.of(link.by) ?? 'somebody'}: {uses}
        <span class="person-note">{isOver ? 'Over' : end}</span>
      </span>
      <button type="button" class="button button-small" disabled={busy} onClick={() => void run(revoke)}>
        Revoke
      </button>
      {problem !== undefined && (
        <p class="person-problem" role="alert">
          {problem}
        </p>
      )}
    </li>
  );
}
