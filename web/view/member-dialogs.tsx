import type { Room } from '../../src/client/directory.ts';
import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Field, Form } from './form.tsx';
import { Choice } from './form-fields.tsx';

/** What is done to a member after a question. */
export type MemberDeed = 'mute' | 'kick' | 'ban' | 'transfer';

interface MemberDialogProps {
  readonly deed: MemberDeed;
  readonly room: Room;
  readonly user: string;
  readonly name: string;
  readonly onClose: () => void;
}

const HOUR_MS = 3_600_000;
const MUTES = [
  [String(HOUR_MS), 'For an hour'],
  [String(24 * HOUR_MS), 'For a day'],
  [String(7 * 24 * HOUR_MS), 'For a week'],
  ['0', 'Not any more'],
] as const;
const BANS = [
  ['0', 'For ever'],
  [String(24 * HOUR_MS), 'For a day'],
  [String(7 * 24 * HOUR_MS), 'For a week'],
  [String(30 * 24 * HOUR_MS), 'For 30 days'],
] as const;

/** Asks before it does what it is opened for. */
export function MemberDialog({ deed, ...rest }: MemberDialogProps) {
  const Asking = DIALOGS[deed];
  return <Asking {...rest} />;
}

type AskingProps = Omit<MemberDialogProps, 'deed'>;

function MuteDialog({ room, user, name, onClose }: AskingProps) {
  const { governing } = useChat().client;
  const mute = async (value: (name: string) => string) => {
    const time = Number(value('time'));
    await (time === 0 ? governing.unmute(room.id, user) : governing.mute(room.id, user, Date.now() + time));
    onClose();
  };
  return (
    <Dialog title={`Mute ${name}`} onClose={onClose}>
      <Form submit="Set" onSubmit={mute}>
        <Choice
          label="May not write"
          name="time"
          value={String(HOUR_MS)}
          options={MUTES}
          hint="They go on reading. Whoever is muted is told so."
        />
      </Form>
    </Dialog>
  );
}

function KickDialog({ room, user, name, onClose }: AskingProps) {
  const { governing } = useChat().client;
  const kick = async () => {
    await governing.kick(room.id, user);
    onClose();
  };
  return (
    <Dialog title={`Remove ${name}?`} onClose={onClose}>
      <Form submit="Remove" danger onSubmit={kick}>
        <p>They get no more messages from this room. A ban keeps them from coming back.</p>
      </Form>
    </Dialog>
  );
}

function BanDialog({ room, user, name, onClose }: AskingProps) {
  const { governing } = useChat().client;
  const ban = async (value: (name: string) => string) => {
    const time = Number(value('time'));
    const reason = value('reason').trim();
    await governing.ban(room.id, user, {
      ...(time === 0 ? {} : { until: Date.now() + time }),
      ...(reason === '' ? {} : { reason }),
    });
    onClose();
  };
  return (
    <Dialog title={`Ban ${name}`} onClose={onClose}>
      <Form submit="Ban" danger onSubmit={ban}>
        <Choice label="How long" name="time" value="0" options={BANS} />
        <Field label="Reason" name="reason" maxLength={128} required={false} hint="For the other admins." />
      </Form>
    </Dialog>
  );
}

function TransferDialog({ room, user, name, onClose }: AskingProps) {
  const { governing } = useChat().client;
  const transfer = async () => {
    await governing.transfer(room.id, user);
    onClose();
  };
  return (
    <Dialog title={`Make ${name} the owner?`} onClose={onClose}>
      <Form submit="Hand the room over" danger onSubmit={transfer}>
        <p>You become an admin. Only {name} can give the room back to you.</p>
      </Form>
    </Dialog>
  );
}

const DIALOGS = { mute: MuteDialog, kick: KickDialog, ban: BanDialog, transfer: TransferDialog } as const;
