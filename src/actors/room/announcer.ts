/** Announcing: what changed in a room's members or fields takes effect in memory and is told to everybody who must know. */
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import type { NotificationParams } from '../../protocol/types.ts';
import type { Context } from '../../runtime/context.ts';
import type { RoomFields } from '../../storage/ports/governance.ts';
import type { RoomRole } from '../../storage/ports/records.ts';
import { userKind } from '../user/messages.ts';
import type { Delivery } from './delivery.ts';
import type { RoomMessage } from './messages.ts';
import { rules } from './permissions.ts';
import type { Member, RoomState } from './state.ts';
import { Tellings } from './tellings.ts';

type Change = Omit<NotificationParams<'room'>, 'room' | 'version'>;
/** Why somebody is no member any more, where it was another's doing. */
export type Removal = Pick<Change, 'by' | 'reason'>;

export class Announcer {
  readonly #context: Context<RoomMessage>;
  readonly #state: RoomState;
  readonly #delivery: Delivery;
  readonly #tellings: Tellings;

  constructor(context: Context<RoomMessage>, state: RoomState, delivery: Delivery) {
    this.#context = context;
    this.#state = state;
    this.#delivery = delivery;
    this.#tellings = new Tellings(context, state);
  }

  get idle(): boolean {
    return this.#tellings.idle;
  }

  /** Tells the user's sessions that they are in the room now. */
  welcome(user: string): void {
    this.#tellings.tell(user);
  }

  added(member: Member): void {
    const { user, username, role } = member;
    this.#state.members.set(user, member);
    this.#state.wishes.learnReceipts(this.#context, [user]);
    this.#announce({ event: 'joined', user, username, role });
    this.welcome(user);
  }

  removed({ user, username }: Member, why: Removal = {}): void {
    this.#state.members.delete(user);
    const version = this.#raiseVersion();
    const room = this.#state.id;
    const frame = encodeNotification('room', { room, event: 'left', version, user, username, ...why });
    this.#delivery.send({ type: 'removed', room, user, version, frame });
    this.#tellings.tell(user);
  }

  roleSet(member: Member, role: RoomRole): void {
    member.role = role;
    this.#announce({ event: 'role', user: member.user, username: member.username, role });
  }

  muted(user: string, until: number): void {
    if (until === 0) this.#state.mutes.delete(user);
    else this.#state.mutes.set(user, until);
    this.#announce({ event: 'muted', user, until });
  }

  updated(fields: RoomFields, changed: Partial<RoomFields>): void {
    this.#state.fields = fields;
    this.#announce({ event: 'updated', ...changed });
  }

  /** The room is no more: who was in it learns that from the fan-out, or when they ask for it. */
  deleted(at: number): void {
    const { id: room, members } = this.#state;
    this.#state.deletedAt = at;
    members.clear();
    const version = this.#raiseVersion();
    const frame = encodeNotification('room', { room, event: 'deleted', version });
    this.#delivery.send({ type: 'removed', room, user: null, version, frame });
  }

  /** Whose requests wait: no change of the room, and only who decides hears of it. At most once. */
  requested(user: string, username: string): void {
    const { id: room, version, members } = this.#state;
    const frame = encodeNotification('room', { room, event: 'requested', version, user, username });
    for (const member of members.values()) if (rules(member.role)) this.#notify(member.user, frame);
  }

  declined(user: string): void {
    const { id: room, version } = this.#state;
    this.#notify(user, encodeNotification('room', { room, event: 'declined', version, user }));
  }

  #announce(change: Change): void {
    const version = this.#raiseVersion();
    const room = this.#state.id;
    const frame = encodeNotification('room', { room, version, ...change });
    this.#delivery.send({ type: 'announce', room, version, change: true, frame });
  }

  #notify(user: string, frame: Uint8Array): void {
    this.#context.tell(this.#context.ref(userKind, user), { type: 'notify', frame });
  }

  #raiseVersion(): number {
    this.#state.version += 1;
    this.#state.entry.version = this.#state.version;
    return this.#state.version;
  }
}
