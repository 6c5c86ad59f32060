import { Observable } from './observable.ts';

/** Which conversation is open, as the part of the address behind the `#` says: links to rooms can be shared. */
class Route extends Observable {
  constructor() {
    super();
    addEventListener('hashchange', () => this.changed());
  }

  /** The open room's id, or undefined on the front page. */
  get room(): string | undefined {
    return roomOfLink(location.hash);
  }

  /** The message that a link names, or undefined for the room as a whole. */
  get seq(): number | undefined {
    const seq = /#\/room\/[^/]+\/([1-9]\d{0,14})\/?$/.exec(location.hash)?.[1];
    return this.room === undefined || seq === undefined ? undefined : Number(seq);
  }

  /** Takes the message out of the address, once it was shown: reloading the page goes to the newest one then. */
  settle(): void {
    const { room, seq } = this;
    if (room !== undefined && seq !== undefined) history.replaceState(history.state, '', `#/room/${room}`);
  }

  /** Whether the user's files are shown. */
  get files(): boolean {
    return location.hash === FILES_LINK;
  }

  /** The token of the invitation that is followed. */
  get invitation(): string | undefined {
    return tokenOfLink(location.hash);
  }

  /** Whether nothing is open. */
  get isFront(): boolean {
    return this.room === undefined && !this.files && this.invitation === undefined;
  }

  open(room: string | undefined, seq?: number): void {
    location.hash = room === undefined ? '#/' : pathOf(room, seq);
  }
}

export const route = new Route();

/** The address of the user's files, behind that of the app. */
export const FILES_LINK = '#/files';

/** The address under which a room can be opened, at one of its messages or at the newest. */
export function linkTo(room: string, seq?: number): string {
  return `${location.origin}${location.pathname}${pathOf(room, seq)}`;
}

function pathOf(room: string, seq: number | undefined): string {
  return seq === undefined ? `#/room/${room}` : `#/room/${room}/${seq}`;
}

/** The address by which whoever has it comes into a room. */
export function linkOfInvitation(token: string): string {
  return `${location.origin}${location.pathname}#/join/${token}`;
}

/** The token in the link of an invitation. */
export function tokenOfLink(text: string): string | undefined {
  return /#\/join\/([A-Za-z0-9_-]{20,64})\/?$/.exec(text.trim())?.[1];
}

/** The id in a room's link, or in what may be the id itself. */
export function roomOfLink(text: string): string | undefined {
  return /#\/room\/([A-Za-z0-9_~-]{1,64})(?:\/\d{1,15})?\/?$/.exec(text.trim())?.[1];
}

/** The id that a user typed or pasted, with or without the link around it. */
export function roomOfInput(text: string): string | undefined {
  return roomOfLink(text) ?? /^[A-Za-z0-9_~-]{1,64}$/.exec(text.trim())?.[0];
}
