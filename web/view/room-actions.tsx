import { useState } from 'preact/hooks';
import type { Room } from '../../src/client/directory.ts';
import { linkTo, route } from '../model/route.ts';
import { useChat } from './context.ts';
import { CopyButton } from './copy-button.tsx';
import { Dialog } from './dialog.tsx';
import { Form } from './form.tsx';
import { Icon, type IconName } from './icon.tsx';
import type { PanelProps } from './member-panel.tsx';
import { PersonField } from './person-field.tsx';
import { BansDialog } from './room-bans.tsx';
import { LinksDialog } from './room-links.tsx';
import { RoomSettingsDialog } from './room-settings.tsx';

type Deed = keyof typeof DIALOGS;

/** What the user may do with the room. */
export function RoomActions({ room }: { readonly room: Room }) {
  const [deed, setDeed] = useState<Deed>();
  const rules = room.role !== 'member';
  const Asking = deed === undefined ? undefined : DIALOGS[deed];
  const button = (name: Deed, label: string, icon: IconName, danger = false) => (
    <button type="button" class={`row-button ${danger ? 'danger' : ''}`} onClick={() => setDeed(name)}>
      <Icon name={icon} />
      {label}
    </button>
  );
  return (
    <div class="panel-actions">
      {(rules || room.joinPolicy === 'open') && button('invite', 'Invite someone', 'invite')}
      {room.joinPolicy !== 'invite' && <CopyButton text={linkTo(room.id)} label="Copy link" />}
      {rules && button('links', 'Invitation links', 'link')}
      {rules && button('settings', 'Room settings', 'settings')}
      {rules && button('bans', 'Banned people', 'block')}
      {button('leave', 'Leave room', 'leave', true)}
      {room.role === 'owner' && button('remove', 'Delete room', 'trash', true)}
      {Asking !== undefined && <Asking room={room} onClose={() => setDeed(undefined)} />}
    </div>
  );
}

function InviteDialog({ room, onClose }: PanelProps) {
  const { client } = useChat();
  const invite = async (value: (name: string) => string) => {
    const user = await client.findUser(value('username').trim());
    await client.invite(room.id, user.id);
    onClose();
  };
  const words = { not_found: 'Nobody here has this name.', conflict: 'They are in the room already.' };
  const hint =
    room.past === 'all' ? 'They can read the room’s whole history.' : 'They read what is written from now on.';
  return (
    <Dialog title="Invite to the room" onClose={onClose}>
      <Form submit="Invite" words={words} onSubmit={invite}>
        <PersonField hint={hint} />
      </Form>
    </Dialog>
  );
}

function LeaveDialog({ room, onClose }: PanelProps) {
  const { client } = useChat();
  const leave = async () => {
    await client.leaveRoom(room.id);
    route.open(undefined);
  };
  return (
    <Dialog title={`Leave ${room.title}?`} onClose={onClose}>
      <Form submit="Leave room" danger onSubmit={leave}>
        <p>
          You will get no more messages from it.{' '}
          {room.joinPolicy === 'open'
            ? 'With its link you can join again.'
            : 'To come back you have to be let in again.'}
        </p>
      </Form>
    </Dialog>
  );
}

function DeleteDialog({ room, onClose }: PanelProps) {
  const { client } = useChat();
  const remove = async () => {
    await client.governing.delete(room.id);
    route.open(undefined);
  };
  return (
    <Dialog title={`Delete ${room.title}?`} onClose={onClose}>
      <Form submit="Delete for everybody" danger onSubmit={remove}>
        <p>The room and all its messages are gone for everybody, at once and for good.</p>
      </Form>
    </Dialog>
  );
}

const DIALOGS = {
  invite: InviteDialog,
  links: LinksDialog,
  settings: RoomSettingsDialog,
  bans: BansDialog,
  leave: LeaveDialog,
  remove: DeleteDialog,
} as const;
