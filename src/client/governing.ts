import type { Requests } from './requests.ts';
import type { ParamsOf, RoomDetails, RoomLink, RoomsBansResult, RoomsRequestsResult } from './wire.ts';

type Update = Omit<ParamsOf<'rooms.update'>, 'room'>;
type Request = Requests['request'];

/**
 * What owner and admins do in a room; others are refused with `forbidden`. The room as the client has it follows with the
 * notification, not with the answer.
 */
export class Governing {
  readonly #request: Request;

  constructor(request: Request) {
    this.#request = request;
  }

  /** All of a room that one is in. */
  details(room: string): Promise<RoomDetails> {
    return this.#request('rooms.get', { room }, { repeat: true });
  }

  /** Sets fields; those that are absent stay. */
  update(room: string, fields: Update): Promise<RoomDetails> {
    return this.#request('rooms.update', { room, ...fields }, { repeat: true });
  }

  /** Ends the membership of another. */
  async kick(room: string, user: string): Promise<void> {
    await this.#request('rooms.kick', { room, user });
  }

  /** Ends a membership, if there is one, and keeps the user out: `until` in milliseconds since the epoch, else for ever. */
  async ban(
    room: string,
    user: string,
    options: { readonly until?: number; readonly reason?: string } = {},
  ): Promise<void> {
    await this.#request('rooms.ban', { room, user, ...options }, { repeat: true });
  }

  async unban(room: string, user: string): Promise<void> {
    await this.#request('rooms.unban', { room, user });
  }

  /** A page of who is banned. */
  bans(room: string, cursor?: string): Promise<RoomsBansResult> {
    return this.#request('rooms.bans', cursor === undefined ? { room } : { room, cursor }, { repeat: true });
  }

  /** Keeps a member from posting until then: milliseconds since the epoch. */
  async mute(room: string, user: string, until: number): Promise<void> {
    await this.#request('rooms.mute', { room, user, until }, { repeat: true });
  }

  async unmute(room: string, user: string): Promise<void> {
    await this.#request('rooms.unmute', { room, user }, { repeat: true });
  }

  /** The owner's alone. */
  async setRole(room: string, user: string, role: 'admin' | 'member'): Promise<void> {
    await this.#request('rooms.role', { room, user, role }, { repeat: true });
  }

  /** Makes another the owner; the owner, whose alone this is, becomes an admin. */
  async transfer(room: string, user: string): Promise<void> {
    await this.#request('rooms.transfer', { room, user });
  }

  /** A page of who asks to join. */
  requests(room: string, cursor?: string): Promise<RoomsRequestsResult> {
    return this.#request('rooms.requests', cursor === undefined ? { room } : { room, cursor }, { repeat: true });
  }

  async approve(room: string, user: string): Promise<void> {
    await this.#request('rooms.approve', { room, user });
  }

  async decline(room: string, user: string): Promise<void> {
    await this.#request('rooms.decline', { room, user });
  }

  /** Makes a link. Its `token` is told once, here. */
  createLink(
    room: string,
    options: Omit<ParamsOf<'rooms.link-create'>, 'room'> = {},
  ): Promise<RoomLink & { readonly token: string }> {
    return this.#request('rooms.link-create', { room, ...options });
  }

  async links(room: string): Promise<readonly RoomLink[]> {
    return (await this.#request('rooms.links', { room }, { repeat: true })).links;
  }

  async revokeLink(room: string, link: string): Promise<void> {
    await this.#request('rooms.link-revoke', { room, link });
  }

  /** Ends the room with all its messages: the owner's alone. */
  async delete(room: string): Promise<void> {
    await this.#request('rooms.delete', { room });
  }
}
