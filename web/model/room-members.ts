import type { MailroomClient } from '../../src/client/client.ts';
import { asMailroomError, type MailroomError } from '../../src/client/errors.ts';
import type { RoomMember, RoomsMembersResult } from '../../src/client/wire.ts';
import type { Names } from './names.ts';
import { Observable } from './observable.ts';

/** A room's members, page by page and in the order of joining; kept current as far as they are shown. */
export class RoomMembers extends Observable {
  members: readonly RoomMember[] = [];
  /** How many there are; unknown at first. */
  count: number | undefined;
  error: MailroomError | undefined;
  more = false;
  loading = false;
  readonly #client: MailroomClient;
  readonly #names: Names;
  readonly #room: string;
  #cursor: string | undefined;
  #pages = 1;
  /** Something changed while a list was under way: it is read once more. */
  #stale = false;

  constructor(client: MailroomClient, names: Names, room: string) {
    super();
    this.#client = client;
    this.#names = names;
    this.#room = room;
  }

  /** Begins to follow the room; the answer ends it. */
  follow(): () => void {
    void this.reload();
    return this.#client.on('room', (change) => {
      if (change.room === this.#room && change.event !== 'deleted') void this.reload();
    });
  }

  /** Reads as many pages again as are shown. */
  async reload(): Promise<void> {
    if (this.loading) {
      this.#stale = true;
      return;
    }
    do {
      this.#stale = false;
      await this.#load(async () => {
        const { members: count } = await this.#client.governing.details(this.#room);
        const members: RoomMember[] = [];
        let cursor: string | undefined;
        for (let page = 0; page < this.#pages && (page === 0 || cursor !== undefined); page++) {
          const answer: RoomsMembersResult = await this.#page(cursor);
          members.push(...answer.members);
          cursor = answer.cursor;
        }
        this.count = count;
        this.#show(members, cursor);
      });
    } while (this.#stale);
  }

  async loadMore(): Promise<void> {
    if (!this.more || this.loading) return;
    await this.#load(async () => {
      const { members, cursor } = await this.#page(this.#cursor);
      this.#pages += 1;
      this.#show([...this.members, ...members], cursor);
    });
    if (this.#stale) await this.reload();
  }

  #page(cursor: string | undefined): Promise<RoomsMembersResult> {
    const page = cursor === undefined ? { room: this.#room } : { room: this.#room, cursor };
    return this.#client.request('rooms.members', page, { repeat: true });
  }

  async #load(read: () => Promise<void>): Promise<void> {
    this.loading = true;
    this.changed();
    try {
      await read();
      this.error = undefined;
    } catch (error) {
      this.error = asMailroomError(error);
    }
    this.loading = false;
    this.changed();
  }

  #show(members: readonly RoomMember[], cursor: string | undefined): void {
    for (const { user, username } of members) this.#names.mention(user, username);
    this.members = members;
    this.#cursor = cursor;
    this.more = cursor !== undefined;
  }
}
