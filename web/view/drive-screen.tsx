import { useEffect, useState } from 'preact/hooks';
import type { FileScope, StoredFile } from '../../src/client/files.ts';
import type { Drive } from '../model/drive.ts';
import { useObservable } from '../model/observable.ts';
import { sizeOf } from '../model/sizes.ts';
import { briefTime, explain, momentOf } from '../model/text.ts';
import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import { DownloadButton, DownloadList } from './downloads.tsx';
import { DropZone, FileButton } from './drop-zone.tsx';
import { Field, Form } from './form.tsx';
import { Icon } from './icon.tsx';
import { Menu, type MenuItem } from './menu.tsx';
import { ShareDialog } from './share-dialog.tsx';

const SCOPES: readonly { readonly scope: FileScope; readonly label: string }[] = [
  { scope: 'own', label: 'My files' },
  { scope: 'shared', label: 'Shared with me' },
  { scope: 'trash', label: 'Trash' },
];

/** The user's files: look, search, upload, rename, throw away and take back. */
export function DriveScreen() {
  const { drive, uploads } = useChat();
  useObservable(drive);
  useEffect(() => void drive.reload(), [drive]);
  return (
    <main class="conversation drive" aria-label="Files">
      <header class="conversation-head">
        <a class="icon-button back-button" href="#/" aria-label="Back to the conversations">
          <Icon name="back" />
        </a>
        <div class="conversation-title">
          <h1>Files</h1>
          <p>{usageOf(drive)}</p>
        </div>
        <DownloadButton />
        <FileButton label="Upload files" className="button button-primary" onFiles={(files) => uploads.add(files)}>
          Upload
        </FileButton>
      </header>
      <DropZone label="Drop files to upload them" onFiles={(files) => uploads.add(files)}>
        <DriveBar drive={drive} />
        <DriveList drive={drive} />
        <DownloadList />
      </DropZone>
    </main>
  );
}

function usageOf({ usage }: Drive): string {
  if (usage === undefined) return '';
  const of = usage.quota === null ? '' : ` of ${sizeOf(usage.quota)}`;
  return `${usage.files} ${usage.files === 1 ? 'file' : 'files'}, ${sizeOf(usage.used)}${of}`;
}

function DriveBar({ drive }: { readonly drive: Drive }) {
  return (
    <div class="drive-bar">
      <fieldset class="segments">
        <legend class="sr-only">Which files</legend>
        {SCOPES.map(({ scope, label }) => (
          <label key={scope} class="segment">
            <input
              type="radio"
              name="scope"
              checked={drive.scope === scope}
              onChange={() => void drive.show(scope, drive.search)}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <input
        type="search"
        class="drive-search"
        placeholder="Search by name"
        aria-label="Search by name"
        value={drive.search}
        onInput={(event) => void drive.show(drive.scope, event.currentTarget.value)}
      />
    </div>
  );
}

const EMPTY: Readonly<Record<FileScope, string>> = {
  own: 'No files yet. Drop some here, or attach them to a message.',
  shared: 'Nobody has shared a file with you yet.',
  trash: 'The trash is empty.',
};

function DriveList({ drive }: { readonly drive: Drive }) {
  if (drive.error !== undefined) {
    return (
      <div class="messages-top" role="alert">
        <p>{explain(drive.error)}</p>
        <button type="button" class="button" onClick={() => void drive.reload()}>
          Try again
        </button>
      </div>
    );
  }
  if (drive.files.length === 0 && !drive.loading) {
    return (
      <div class="empty">
        <Icon name={drive.scope === 'trash' ? 'trash' : 'folder'} />
        <p>{drive.search === '' ? EMPTY[drive.scope] : `No file is called “${drive.search}”.`}</p>
      </div>
    );
  }
  return (
    <div class="drive-list">
      <ul>
        {drive.files.map((file) => (
          <DriveRow key={file.share ?? file.id} file={file} drive={drive} />
        ))}
      </ul>
      {drive.more && (
        <button type="button" class="button" disabled={drive.loading} onClick={() => void drive.loadMore()}>
          Show more
        </button>
      )}
    </div>
  );
}

function DriveRow({ file, drive }: { readonly file: StoredFile; readonly drive: Drive }) {
  const chat = useChat();
  const [dialog, setDialog] = useState<'rename' | 'purge' | 'share'>();
  const [problem, setProblem] = useState<string>();
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work();
      setProblem(undefined);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'That did not work.');
    }
  };
  const open = async () => window.open(await chat.fileLinks.to(file.id), '_blank', 'noopener');
  const close = () => setDialog(undefined);
  const items = itemsFor(file, drive, { attempt, open, ask: setDialog });
  const at = file.trashedAt ?? file.sharedAt ?? file.uploadedAt;
  return (
    <li class="drive-row">
      <Thumbnail file={file} />
      <button type="button" class="drive-name" title={file.name} onClick={() => void attempt(open)}>
        {file.name}
      </button>
      <span class="drive-size">{sizeOf(file.size)}</span>
      <span class="drive-time" title={at === undefined ? '' : momentOf(at)}>
        {at === undefined ? '' : briefTime(at, Date.now())}
      </span>
      <Menu label={`More about ${file.name}`} items={items}>
        <Icon name="more" />
      </Menu>
      {problem !== undefined && (
        <p class="drive-problem" role="alert">
          {problem}
        </p>
      )}
      {dialog === 'share' && <ShareDialog file={file} onClose={close} />}
      {dialog === 'rename' && <RenameDialog file={file} drive={drive} onClose={close} />}
      {dialog === 'purge' && <PurgeDialog file={file} drive={drive} onClose={close} />}
    </li>
  );
}

interface Deeds {
  readonly attempt: (work: () => Promise<unknown>) => Promise<void>;
  readonly open: () => Promise<unknown>;
  readonly ask: (what: 'rename' | 'purge' | 'share') => void;
}

function itemsFor(file: StoredFile, drive: Drive, { attempt, open, ask }: Deeds): readonly MenuItem[] {
  const opening: MenuItem = { label: 'Open', icon: 'download', run: () => void attempt(open) };
  if (drive.scope === 'shared') return [opening];
  if (drive.scope === 'trash') {
    return [
      { label: 'Restore', icon: 'undo', run: () => void attempt(() => drive.restore(file)) },
      { label: 'Delete for good', icon: 'trash', danger: true, run: () => ask('purge') },
    ];
  }
  return [
    opening,
    { label: 'Share', icon: 'people', run: () => ask('share') },
    { label: 'Rename', icon: 'key', run: () => ask('rename') },
    { label: 'Move to the trash', icon: 'trash', danger: true, run: () => void attempt(() => drive.trash(file)) },
  ];
}

function Thumbnail({ file }: { readonly file: StoredFile }) {
  const { pictures } = useChat();
  useObservable(pictures);
  const picture = file.type.startsWith('image/') && file.trashedAt === undefined ? pictures.of(file.id) : 'none';
  if (typeof picture !== 'string') return <img class="drive-icon" src={picture.url} alt="" />;
  return (
    <span class="drive-icon">
      <Icon name="file" />
    </span>
  );
}

interface FileDialogProps {
  readonly file: StoredFile;
  readonly drive: Drive;
  readonly onClose: () => void;
}

function RenameDialog({ file, drive, onClose }: FileDialogProps) {
  const rename = async (value: (name: string) => string) => {
    await drive.rename(file, value('name'));
    onClose();
  };
  return (
    <Dialog title="Rename the file" onClose={onClose}>
      <Form submit="Rename" onSubmit={rename}>
        <Field label="Name" name="name" hint={`So far: ${file.name}`} maxLength={255} autofocus />
      </Form>
    </Dialog>
  );
}

function PurgeDialog({ file, drive, onClose }: FileDialogProps) {
  const purge = async () => {
    await drive.purge(file);
    onClose();
  };
  return (
    <Dialog title={`Delete ${file.name}?`} onClose={onClose}>
      <Form submit="Delete for good" danger onSubmit={purge}>
        <p>It cannot be taken back. Rooms where you have posted it keep it.</p>
      </Form>
    </Dialog>
  );
}
