/** Logins: users get new tokens, and the sockets of the old ones must end. */
import { userKind } from '../../../src/actors/user/messages.ts';
import { CLOSE } from '../../../src/protocol/close-codes.ts';
import type { SeededRandom } from '../../../src/testkit/simulation/random.ts';
import type { Schedule } from '../../../src/testkit/simulation/schedule.ts';
import type { Cluster } from './cluster.ts';
import { Violation } from './oracle.ts';
import { hashToken } from './process.ts';

const DEADLINE_MS = 5_000;
/** The thread that asked may be gone, and nobody answers then. */
const PATIENCE_MS = 6_000;
const RETRY_MS = 300;

export class Logins {
  readonly #schedule: Schedule;
  readonly #cluster: Cluster;
  readonly #random: SeededRandom;
  readonly #tokens = new Map<string, string>();
  /** Users whose login has no answer yet: their old token may be dead already. */
  readonly #underWay = new Set<string>();
  #count = 0;

  constructor(schedule: Schedule, cluster: Cluster, random: SeededRandom) {
    this.#schedule = schedule;
    this.#cluster = cluster;
    this.#random = random;
  }

  /** The user's newest token. */
  tokenOf(user: string): string {
    return this.#tokens.get(user) ?? firstToken(user);
  }

  login(user: string): void {
    if (this.#underWay.has(user)) return;
    this.#underWay.add(user);
    this.#try(user);
  }

  /** A socket that stood on the token was closed. */
  closed(user: string, token: string, code: number): void {
    if (code !== CLOSE.revoked || this.#underWay.has(user) || token !== this.tokenOf(user)) return;
    throw new Violation('SIM16', `a socket of ${user} was closed for its token, which is valid`);
  }

  unsettled(): string | undefined {
    const [user] = this.#underWay;
    return user === undefined ? undefined : `the login of ${user} is not answered`;
  }

  /** Every try has a token of its own: one without an answer may have taken effect, or may yet. */
  #try(user: string): void {
    const process = this.#cluster.listening(this.#random.int(12));
    if (process === undefined) return this.#later(RETRY_MS, () => this.#try(user));
    this.#count += 1;
    const token = `${user}.${String(this.#count).padStart(16, '0')}`;
    let open = true;
    const done = (ok: boolean): void => {
      if (!open) return;
      open = false;
      if (!ok) return this.#later(RETRY_MS, () => this.#try(user));
      this.#tokens.set(user, token);
      this.#underWay.delete(user);
    };
    const issue = { type: 'issue-token', tokenHash: hashToken(token), device: 'd' } as const;
    process.onShard(this.#random.int(12), 'login', (shard) => {
      shard.ask(shard.ref(userKind, user), issue, DEADLINE_MS).then(
        ({ ok }) => done(ok),
        () => done(false),
      );
    });
    this.#later(PATIENCE_MS, () => done(false));
  }

  #later(delayMs: number, run: () => void): void {
    this.#schedule.after(delayMs, run);
  }
}

/** The token that a user has from the beginning. */
export function firstToken(user: string): string {
  return `${user}.0123456789abcdef`;
}
