import { MailroomClient } from '../../src/client/client.ts';
import type { Room } from '../../src/client/directory.ts';
import { Downloads } from '../../src/client/downloads.ts';
import { Files } from '../../src/client/files.ts';
import { localStorageOutbox } from '../../src/client/outbox-store.ts';
import type { Message, User } from '../../src/client/wire.ts';
import { Drive } from './drive.ts';
import { Fetching } from './fetching.ts';
import { FileLinks } from './file-links.ts';
import { hiddenMessage, withChange } from './message-changes.ts';
import { Names, nameOf } from './names.ts';
import { Notices } from './notices.ts';
import { Observable } from './observable.ts';
import { People } from './people.ts';
import { Pictures } from './pictures.ts';
import { Presences } from './presences.ts';
import { Quotes } from './quotes.ts';
import type { Session } from './session.ts';
import { Timeline } from './timeline.ts';
import { Typists } from './typists.ts';
import type { Upload } from './uploads/upload.ts';
import { Uploads } from './uploads/uploads.ts';

/** A longer absence is not replayed message by message; the conversation is loaded afresh. */
const maxFillMessages = 300;

/** A room as the list shows it. */
export interface Conversation {
  readonly room: Room;
  readonly title: string;
  readonly latest: Message | undefined;
}

/** Everything that the app shows of the logged-in user's rooms. */
export class Chat extends Observable {
  readonly client: MailroomClient;
  readonly names: Names;
  readonly people: People;
  readonly self: User;
  readonly uploads: Uploads;
  readonly pictures: Pictures;
  readonly fileLinks: FileLinks;
  readonly files: Files;
  readonly drive: Drive;
  readonly fetching: Fetching;
  readonly presences: Presences;
  readonly typists: Typists;
  readonly quotes: Quotes;
  readonly notices = new Notices();
  /** What is written but not sent, by room. */
  readonly drafts = new Map<string, string>();
  readonly #session: Session;
  readonly #timelines = new Map<string, Timeline>();
  readonly #latest = new Map<string, Message>();
  /** When an empty room came up here: a room that was just made stands at the top. */
  readonly #appeared = new Map<string, number>();
  readonly #known = new Set<string>();
  /** How many messages the user has hidden, by room, as far as the messages here know. */
  readonly #hidden = new Map<string, number>();
  /** Rooms whose newest message was asked for. */
  readonly #asked = new Set<string>();
  #greeted = false;
  #usedToken = '';

  constructor(session: Session, url: string, self: User) {
    super();
    this.#session = session;
    this.self = self;
    this.client = new MailroomClient({
      url,
      client: 'mailroom-web',
      token: () => {
        this.#usedToken = session.token;
        return session.token;
      },
      maxFillMessages,
      outboxStore: localStorageOutbox(localStorage, `mailroom.outbox.${self.id}.`),
    });
    this.names = new Names(this.client);
    this.names.mention(self.id, self.username);
    this.people = new People(this.client, this.names);
    this.presences = new Presences(this.client);
    this.typists = new Typists(this.client, self.id);
    this.quotes = new Quotes(this.client, self.id);
    const token = () => session.token;
    this.pictures = new Pictures(token);
    this.files = new Files(url, token);
    this.fileLinks = new FileLinks(this.files);
    this.drive = new Drive(this.files);
    this.fetching = new Fetching(new Downloads(url, token), this.client, () => void this.drive.reload());
    this.uploads = new Uploads({ user: self.id, token, onDone: (upload) => this.#uploaded(upload) });
    this.#listen();
  }

  /** Connects; the answer ends it all. */
  start(): () => void {
    const wake = () => {
      if (document.visibilityState === 'visible') this.client.wake();
    };
    addEventListener('online', wake);
    document.addEventListener('visibilitychange', wake);
    this.client.connect();
    void this.uploads.restore();
    return () => {
      removeEventListener('online', wake);
      document.removeEventListener('visibilitychange', wake);
      this.client.close();
    };
  }

  /** Whether the rooms have been listed at least once. */
  get greeted(): boolean {
    return this.#greeted;
  }

  /** All rooms, the one with the newest message first. */
  conversations(): Conversation[] {
    return [...this.client.rooms.values()]
      .map((room) => ({ room, title: titleOf(room, this.names), latest: this.#latest.get(room.id) }))
      .sort((a, b) => this.#recency(b) - this.#recency(a) || a.title.localeCompare(b.title));
  }

  timeline(room: string): Timeline {
    let timeline = this.#timelines.get(room);
    if (timeline === undefined) {
      timeline = new Timeline(this.client, room, this.self.id);
      this.#timelines.set(room, timeline);
      void timeline.loadOlder();
    }
    return timeline;
  }

  /** A file that was for a room is posted there. */
  #uploaded({ room, file, fileId }: Upload): void {
    void this.drive.reload();
    if (room === undefined || fileId === undefined) return;
    const mime = file.type === '' ? 'application/octet-stream' : file.type;
    const body = { type: 'file' as const, file: fileId, name: file.name, size: file.size, mime };
    this.client.post(room, body, { files: [fileId] });
  }

  #recency({ room, latest }: Conversation): number {
    return Math.max(latest?.at ?? 0, this.#appeared.get(room.id) ?? 0);
  }

  #listen(): void {
    const { client } = this;
    client.on('message', (message) => {
      this.#latest.set(message.room, message);
      this.#timelines.get(message.room)?.append(message);
      this.changed();
    });
    client.on('outbox', (event) => this.#timelines.get(event.post.room)?.posted(event));
    client.on('changed', (changed) => {
      const latest = this.#latest.get(changed.room);
      if (latest?.seq === changed.seq) this.#latest.set(changed.room, withChange(latest, changed, this.self.id));
      this.#timelines.get(changed.room)?.change(changed);
      this.changed();
    });
    client.on('hidden', ({ room, seqs, hidden }) => {
      this.#hidden.set(room, hidden);
      this.#hide(room, seqs);
    });
    client.on('gap', ({ room }) => this.#reload(room));
    client.on('reload', ({ room }) => this.#reload(room));
    client.on('room', (change) => {
      if (change.user !== undefined && change.username !== undefined) {
        this.names.mention(change.user, change.username);
      }
      this.changed();
    });
    client.on('rooms', ({ room }) => this.#roomChanged(room));
    this.names.subscribe(() => this.changed());
    client.on('state', (state) => {
      if (state.kind === 'ready') this.#connected();
      if (state.kind === 'stopped' && state.reason.code === 'unauthenticated') this.#tokenRefused();
      this.changed();
    });
  }

  #connected(): void {
    this.#greeted = true;
    for (const timeline of this.#timelines.values()) if (timeline.error !== undefined) void timeline.loadOlder();
  }

  #roomChanged(id: string): void {
    const room = this.client.rooms.get(id);
    if (room === undefined) {
      this.#timelines.delete(id);
      this.#latest.delete(id);
      this.#asked.delete(id);
      this.#known.delete(id);
    } else {
      if (!this.#known.has(id) && this.#greeted && room.seq === 0) this.#appeared.set(id, Date.now());
      this.#known.add(id);
      if (room.peer !== undefined) this.names.mention(room.peer.id, room.peer.username);
      void this.#findLatest(room);
      // The notification of what was hidden comes right after this; where it was lost, the number alone tells.
      queueMicrotask(() => void this.#checkHidden(id));
    }
    this.changed();
  }

  #hide(room: string, seqs: readonly number[]): void {
    const latest = this.#latest.get(room);
    if (latest !== undefined && seqs.includes(latest.seq)) this.#latest.set(room, hiddenMessage(latest));
    this.#timelines.get(room)?.hide(seqs);
    this.changed();
  }

  async #checkHidden(id: string): Promise<void> {
    const count = this.client.rooms.get(id)?.hidden ?? 0;
    const known = this.#hidden.get(id);
    this.#hidden.set(id, count);
    if (known === undefined || known >= count) return;
    try {
      this.#hide(id, await this.client.hidden(id));
    } catch {
      // The messages stay until the room is loaded anew; the next change of the number asks again.
      this.#hidden.set(id, known);
    }
  }

  /** Looks up a room's newest message once; from then on they come by themselves. */
  async #findLatest(room: Room): Promise<void> {
    if (room.seq === 0 || this.#asked.has(room.id) || this.#latest.has(room.id)) return;
    this.#asked.add(room.id);
    try {
      const { messages } = await this.client.history(room.id, { limit: 1 });
      const message = messages.at(-1);
      if (message === undefined || (this.#latest.get(room.id)?.seq ?? 0) > message.seq) return;
      this.#latest.set(room.id, message);
      this.changed();
    } catch {
      // The list shows the room without its last line, and asks again when the room changes.
      this.#asked.delete(room.id);
    }
  }

  #reload(room: string): void {
    this.#latest.delete(room);
    this.#asked.delete(room);
    void this.#timelines.get(room)?.reload();
    const known = this.client.rooms.get(room);
    if (known !== undefined) void this.#findLatest(known);
  }

  /** Another tab may have renewed the token or logged in anew; only the newest one's refusal ends the session. */
  #tokenRefused(): void {
    // Whoever has ended the session here has said why already.
    if (this.#session.token === '') return;
    if (this.#session.token !== this.#usedToken) {
      queueMicrotask(() => this.client.connect());
    } else {
      this.#session.expire('Your session has ended. Please log in again.');
    }
  }

  /** Discards what is unsent and logs out. */
  async logOut(): Promise<void> {
    this.client.discardPosts();
    await this.#session.logOut();
  }
}

/** What a room is called. */
export function titleOf(room: Room, names: Names): string {
  if (room.kind === 'direct') {
    const { peer } = room;
    return peer === undefined ? 'Direct conversation' : (names.of(peer.id) ?? nameOf(peer));
  }
  return room.title.trim() === '' ? 'Untitled room' : room.title;
}
