import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Room } from '../../src/client/directory.ts';
import type { RoomMember } from '../../src/client/wire.ts';
import { useObservable } from '../model/observable.ts';
import { RoomMembers } from '../model/room-members.ts';
import { route } from '../model/route.ts';
import { explain } from '../model/text.ts';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';
import { Icon } from './icon.tsx';
import { type MemberDeed, MemberDialog } from './member-dialogs.tsx';
import { Menu, type MenuItem } from './menu.tsx';
import { useWork } from './work.ts';

/** The room's members, a page at a time. */
export function MemberList({ room }: { readonly room: Room }) {
  const { client, names } = useChat();
  const list = useMemo(() => new RoomMembers(client, names, room.id), [client, names, room.id]);
  useObservable(list);
  useObservable(names);
  useEffect(() => list.follow(), [list]);
  return (
    <>
      <h3 class="panel-title">Members{list.count !== undefined && ` · ${list.count}`}</h3>
      {list.error !== undefined && <p class="panel-note">{explain(list.error)}</p>}
      <ul class="members" aria-label="Members">
        {list.members.map((member) => (
          <Member key={member.user} room={room} member={member} />
        ))}
      </ul>
      {list.more && (
        <button type="button" class="button panel-more" disabled={list.loading} onClick={() => void list.loadMore()}>
          Show more members
        </button>
      )}
    </>
  );
}

function Member({ room, member }: { readonly room: Room; readonly member: RoomMember }) {
  const { self, names, client } = useChat();
  const [deed, setDeed] = useState<MemberDeed>();
  const { problem, run } = useWork();
  const name = names.of(member.user) ?? member.username;
  const write = () => run(async () => route.open((await client.directRoom(member.user)).id));
  const setRole = (role: 'admin' | 'member') => run(() => client.governing.setRole(room.id, member.user, role));
  const items: MenuItem[] = [{ label: 'Write a message', icon: 'chat', run: () => void write() }];
  if (room.role === 'owner') {
    if (member.role === 'admin') {
      items.push({ label: 'Take admin role away', icon: 'person', run: () => void setRole('member') });
    } else {
      items.push({ label: 'Make admin', icon: 'shield', run: () => void setRole('admin') });
    }
    items.push({ label: 'Make owner', icon: 'key', run: () => setDeed('transfer') });
  }
  if (isAbove(room.role, member.role)) {
    if (member.role === 'member') items.push({ label: 'Mute', icon: 'mute', run: () => setDeed('mute') });
    items.push({ label: 'Remove from room', icon: 'leave', danger: true, run: () => setDeed('kick') });
    items.push({ label: 'Ban', icon: 'block', danger: true, run: () => setDeed('ban') });
  }
  return (
    <li class="member">
      <Avatar name={name} id={member.user} size="small" />
      <span class="member-name" title={member.username}>
        {name}
        {member.user === self.id && <span class="member-self"> (you)</span>}
      </span>
      {member.role !== 'member' && <span class="role">{member.role}</span>}
      {member.user !== self.id && room.kind !== 'direct' && (
        <Menu label={`More about ${name}`} items={items} align="end">
          <Icon name="more" />
        </Menu>
      )}
      {problem !== undefined && (
        <p class="person-problem" role="alert">
          {problem}
        </p>
      )}
      {deed !== undefined && (
        <MemberDialog deed={deed} room={room} user={member.user} name={name} onClose={() => setDeed(undefined)} />
      )}
    </li>
  );
}

const RANK = { member: 0, admin: 1, owner: 2 } as const;

function isAbove(role: Room['role'], other: Room['role']): boolean {
  return RANK[role] > RANK[other];
}
