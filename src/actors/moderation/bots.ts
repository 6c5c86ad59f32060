/** Bots: users without a password that anybody knows, whose tokens administrators hand out. */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Person } from '../room/messages.ts';
import { userKind } from '../user/messages.ts';
import type { Acting } from './acting.ts';
import type { DeskMessage, MakeBot, RenewBot } from './messages.ts';

export interface BotSecrets {
  hashPassword(password: string): Promise<string>;
  newToken(userId: string): string;
  hashToken(token: string): string;
}

interface BotOptions {
  readonly secrets: BotSecrets;
  readonly botTokenTtlMs: number;
}

/** The one device of every bot, so that a new token ends the one before it. */
const BOT_DEVICE = 'bot';
const ASK_DEADLINE_MS = 5_000;

export function makeBot(
  context: Context<DeskMessage>,
  acting: Acting,
  { username }: MakeBot,
  options: BotOptions,
): void {
  const { secrets } = options;
  const id = context.newId();
  // A token is as good as a password that nobody is told.
  context.pipe(secrets.hashPassword(secrets.newToken(id)), (outcome) => {
    if ('error' in outcome) {
      acting.refuse(fault('internal', 'the request failed'));
      throw outcome.error;
    }
    const bot = { id, username, passwordHash: outcome.value, createdAt: context.wallMs() };
    acting.ask('createBot', [bot, acting.audit('bot.create', id, { username })], (created) => {
      if (created) issue(context, acting, { id, username }, options);
      else acting.refuse(fault('conflict', 'the username is taken'));
    });
  });
}

export function renewBot(context: Context<DeskMessage>, acting: Acting, { user }: RenewBot, options: BotOptions): void {
  acting.person(user, (person) =>
    acting.standing(user, ({ bot }) => {
      if (!bot) return acting.refuse(fault('conflict', 'the user is no bot'));
      acting.ask('log', [acting.audit('bot.renew-token', user)], () => issue(context, acting, person, options));
    }),
  );
}

function issue(context: Context<DeskMessage>, acting: Acting, user: Person, options: BotOptions): void {
  const token = options.secrets.newToken(user.id);
  const tokenHash = options.secrets.hashToken(token);
  const message = { type: 'issue-token', tokenHash, device: BOT_DEVICE, ttlMs: options.botTokenTtlMs } as const;
  context.ask(context.ref(userKind, user.id), message, ASK_DEADLINE_MS, (reply) => {
    if (reply.ok) acting.settle({ user, token, expiresAt: reply.value.expiresAt });
    else acting.refuse(reply.fault);
  });
}
