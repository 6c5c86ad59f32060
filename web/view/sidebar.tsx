import { useState } from 'preact/hooks';
import { useObservable } from '../model/observable.ts';
import { FILES_LINK } from '../model/route.ts';
import type { Session } from '../model/session.ts';
import { AccountDialog } from './account-dialog.tsx';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';
import { DevicesDialog } from './devices-dialog.tsx';
import { Icon } from './icon.tsx';
import { Menu } from './menu.tsx';
import { NewConversationDialog } from './new-conversation.tsx';
import { PasswordDialog } from './password-dialog.tsx';
import { PeopleDialog } from './people-dialog.tsx';
import { PrivacyDialog } from './privacy-dialog.tsx';
import { ProfileDialog } from './profile-dialog.tsx';
import { RoomList } from './room-list.tsx';
import { Search } from './search.tsx';
import { UploadTray } from './upload-tray.tsx';

/** The user, and the list of their rooms. */
export function Sidebar({ session }: { readonly session: Session }) {
  const chat = useChat();
  const [dialog, setDialog] = useState<'new' | 'password' | 'people' | 'profile' | 'privacy' | 'devices' | 'account'>();
  const close = () => setDialog(undefined);
  useObservable(chat.names);
  useObservable(chat.people);
  const name = chat.names.of(chat.self.id) ?? chat.self.username;
  return (
    <nav class="sidebar" aria-label="Conversations">
      <header class="sidebar-head">
        <Menu
          label="Account"
          className="account-button"
          items={[
            { label: 'Profile', icon: 'person', run: () => setDialog('profile') },
            { label: 'Privacy', icon: 'shield', run: () => setDialog('privacy') },
            { label: 'Devices', icon: 'device', run: () => setDialog('devices') },
            { label: 'Change password', icon: 'key', run: () => setDialog('password') },
            { label: 'Data and account', icon: 'download', run: () => setDialog('account') },
            { label: 'Log out', icon: 'leave', danger: true, run: () => void chat.logOut() },
          ]}
        >
          <Avatar name={name} id={chat.self.id} />
          <span class="account-name">{name}</span>
        </Menu>
        <PeopleButton asking={chat.people.contacts('incoming').length} onClick={() => setDialog('people')} />
        <a class="icon-button" href={FILES_LINK} aria-label="Files" title="Files">
          <Icon name="folder" />
        </a>
        <button
          type="button"
          class="icon-button icon-button-accent"
          aria-label="New conversation"
          title="New conversation"
          onClick={() => setDialog('new')}
        >
          <Icon name="plus" />
        </button>
      </header>
      <Search>
        <RoomList onNew={() => setDialog('new')} />
      </Search>
      <UploadTray />
      {dialog === 'new' && <NewConversationDialog onClose={close} />}
      {dialog === 'people' && <PeopleDialog onClose={close} />}
      {dialog === 'profile' && <ProfileDialog onClose={close} />}
      {dialog === 'privacy' && <PrivacyDialog onClose={close} />}
      {dialog === 'devices' && <DevicesDialog onClose={close} />}
      {dialog === 'account' && <AccountDialog session={session} onClose={close} />}
      {dialog === 'password' && <PasswordDialog session={session} onClose={close} />}
    </nav>
  );
}

/** Leads to the contacts; a number says how many ask to be one. */
function PeopleButton({ asking, onClick }: { readonly asking: number; readonly onClick: () => void }) {
  return (
    <button
      type="button"
      class="icon-button people-button"
      aria-label={asking > 0 ? `People, ${asking} asking` : 'People'}
      title="People"
      onClick={onClick}
    >
      <Icon name="people" />
      {asking > 0 && (
        <span class="badge" aria-hidden="true">
          {asking}
        </span>
      )}
    </button>
  );
}
