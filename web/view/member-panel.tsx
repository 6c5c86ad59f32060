import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Room } from '../../src/client/directory.ts';
import { asMailroomError } from '../../src/client/errors.ts';
import type { RoomMember } from '../../src/client/wire.ts';
import { linkTo, route } from '../model/route.ts';
import { explain } from '../model/text.ts';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Field, Form } from './form.tsx';
import { Icon } from './icon.tsx';

interface PanelProps {
  readonly room: Room;
  readonly onClose: () => void;
}

/** Who is in the room, and what can be done with it. */
export function MemberPanel({ room, onClose }: PanelProps) {
  const { members, error } = useMembers(room.id);
  const [dialog, setDialog] = useState<'invite' | 'leave'>();
  const close = () => setDialog(undefined);
  return (
    <aside class="panel" aria-label="Details and members">
      <header class="panel-head">
        <h2>Details</h2>
        <button type="button" class="icon-button" aria-label="Close details" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {room.kind === 'group' && (
        <div class="panel-actions">
          <button type="button" class="row-button" onClick={() => setDialog('invite')}>
            <Icon name="invite" />
            Invite someone
          </button>
          <CopyLink room={room.id} />
          <button type="button" class="row-button danger" onClick={() => setDialog('leave')}>
            <Icon name="leave" />
            Leave room
          </button>
        </div>
      )}
      <h3 class="panel-title">Members{members !== undefined && ` · ${members.length}`}</h3>
      {error !== undefined && <p class="panel-note">{error}</p>}
      <ul class="members">
        {members?.map((member) => (
          <Member key={member.user} member={member} />
        ))}
      </ul>
      {dialog === 'invite' && <InviteDialog room={room} onClose={close} />}
      {dialog === 'leave' && <LeaveDialog room={room} onClose={close} />}
    </aside>
  );
}

function Member({ member }: { readonly member: RoomMember }) {
  const { self } = useChat();
  return (
    <li class="member">
      <Avatar name={member.username} id={member.user} size="small" />
      <span class="member-name">
        {member.username}
        {member.user === self.id && <span class="member-self"> (you)</span>}
      </span>
      {member.role !== 'member' && <span class="role">{member.role}</span>}
    </li>
  );
}

function useMembers(room: string) {
  const { client } = useChat();
  const [members, setMembers] = useState<readonly RoomMember[]>();
  const [error, setError] = useState<string>();
  const load = useCallback(async () => {
    try {
      setMembers(await client.members(room));
      setError(undefined);
    } catch (reason) {
      setError(explain(asMailroomError(reason)));
    }
  }, [client, room]);
  useEffect(() => {
    void load();
    return client.on('room', (change) => {
      if (change.room === room) void load();
    });
  }, [client, room, load]);
  return { members, error };
}

function CopyLink({ room }: { readonly room: string }) {
  const [said, setSaid] = useState('Copy link');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(linkTo(room));
      setSaid('Link copied');
    } catch {
      // Without a secure context or the user's leave there is no clipboard; the address bar holds the same link.
      setSaid('Copy it from the address bar');
    }
  };
  return (
    <button type="button" class="row-button" onClick={() => void copy()}>
      <Icon name="link" />
      <span aria-live="polite">{said}</span>
    </button>
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
  return (
    <Dialog title="Invite to the room" onClose={onClose}>
      <Form submit="Invite" words={words} onSubmit={invite}>
        <Field label="Username" name="username" hint="They can read the room’s whole history." autofocus />
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
        <p>You will get no more messages from it. With its link you can join again.</p>
      </Form>
    </Dialog>
  );
}
