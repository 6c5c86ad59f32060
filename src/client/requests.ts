import type { ClientClock } from './clock.ts';
import { errorOf, MailroomError } from './errors.ts';
import type { Link } from './link.ts';
import { encodeRequest, type Method, type ParamsOf, type Response, type ResultOf } from './wire.ts';

/** How one request is treated. */
export interface RequestOptions {
  /** Milliseconds until the request fails with `unavailable`, waiting for a connection included. */
  readonly deadlineMs?: number;
  /**
   * Whether a request whose answer was lost with the connection is sent again on the next one. Right for reads and for
   * whatever may happen twice; by default such a request fails with `unavailable`, its outcome being unknown.
   */
  readonly repeat?: boolean;
}

interface Pending {
  readonly method: Method;
  readonly frame: (id: number) => Uint8Array;
  readonly repeat: boolean;
  readonly cancelDeadline: () => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: MailroomError) => void;
}

const defaultDeadlineMs = 15_000;
const maxOpenRequests = 2_000;

/**
 * Every request that has no answer yet: those on the wire, by id, and those that wait for a connection, in order.
 *
 * Ids count from 1 and go on across connections, so that a late answer of an old link is never taken for one of the new.
 */
export class Requests {
  readonly #clock: ClientClock;
  readonly #sent = new Map<number, Pending>();
  #waiting = new Set<Pending>();
  #link: Link | undefined;
  #lastId = 0;

  constructor(clock: ClientClock) {
    this.#clock = clock;
  }

  /** Sends now, or once there is a connection. Rejects with a `MailroomError`. */
  request<M extends Method>(method: M, params: ParamsOf<M>, options: RequestOptions = {}): Promise<ResultOf<M>> {
    if (this.#sent.size + this.#waiting.size >= maxOpenRequests) {
      return Promise.reject(new MailroomError('overloaded', 'too many requests without an answer'));
    }
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        method,
        frame: (id) => encodeRequest(id, method, params),
        repeat: options.repeat ?? false,
        cancelDeadline: this.#clock.after(options.deadlineMs ?? defaultDeadlineMs, () => this.#late(pending)),
        resolve: resolve as (result: unknown) => void,
        reject,
      };
      if (this.#link === undefined) this.#waiting.add(pending);
      else this.#put(pending, this.#link);
    });
  }

  /** From here on requests go out on `link`, the ones that waited first. */
  attach(link: Link): void {
    this.#link = link;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const pending of waiting) this.#put(pending, link);
  }

  /** The link is gone: what was on it waits again or fails. */
  detach(): void {
    this.#link = undefined;
    const lost = [...this.#sent.values()];
    this.#sent.clear();
    for (const pending of lost) {
      if (pending.repeat) this.#waiting.add(pending);
      else this.#fail(pending, new MailroomError('unavailable', 'the connection was lost before the answer'));
    }
  }

  /** No connection will come: everything fails. */
  abandon(error: MailroomError): void {
    this.detach();
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const pending of waiting) this.#fail(pending, error);
  }

  /** Settles the request that `response` answers; one that nobody waits for any more is dropped. */
  settle(response: Response): void {
    const pending = this.#sent.get(response.id);
    if (pending === undefined) return;
    this.#sent.delete(response.id);
    pending.cancelDeadline();
    if (response.fault === null) pending.resolve(response.result);
    else pending.reject(errorOf(response.fault));
  }

  #put(pending: Pending, link: Link): void {
    this.#lastId = (this.#lastId % 0xffff_ffff) + 1;
    this.#sent.set(this.#lastId, pending);
    link.send(pending.frame(this.#lastId));
  }

  #late(pending: Pending): void {
    this.#waiting.delete(pending);
    for (const [id, sent] of this.#sent) {
      if (sent === pending) this.#sent.delete(id);
    }
    this.#fail(pending, new MailroomError('unavailable', `no answer to ${pending.method} in time`));
  }

  #fail(pending: Pending, error: MailroomError): void {
    pending.cancelDeadline();
    pending.reject(error);
  }
}
