/** What administrators do with hooks. */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Reply } from '../../runtime/reply.ts';
import { MAX_HOOKS } from '../../storage/ports/hooks.ts';
import { askHookDesk } from '../hooks.ts';
import { askHooks } from '../storage/hooks.ts';
import type { Acting } from './acting.ts';
import type { AddHook, AdminMessage, DeskMessage } from './messages.ts';

export type HookingMessage = Extract<AdminMessage, { readonly type: `${string}hook${string}` }>;

const TYPES: ReadonlySet<AdminMessage['type']> = new Set<HookingMessage['type']>([
  'add-hook',
  'list-hooks',
  'remove-hook',
  'list-dead-of-hook',
  'replay-hook',
]);
const NO_SUCH_HOOK = fault('not_found', 'there is no such hook');
const TOO_MANY = fault('conflict', `there are ${MAX_HOOKS} hooks already`);

export function isHooking(message: AdminMessage): message is HookingMessage {
  return TYPES.has(message.type);
}

export function actOnHooks(context: Context<DeskMessage>, message: HookingMessage, acting: Acting): void {
  switch (message.type) {
    case 'add-hook':
      return addHook(context, message, acting);
    case 'list-hooks':
      return askHooks(context, 'hooks', [], passing(acting));
    case 'remove-hook':
      return askHooks(
        context,
        'removeHook',
        [message.hook, acting.audit('hook.remove', message.hook)],
        answered(acting, (removed) => (removed ? refreshed(context, acting, {}) : acting.refuse(NO_SUCH_HOOK))),
      );
    case 'list-dead-of-hook':
      return withHook(context, message.hook, acting, () =>
        askHookDesk(context, 'dead', [message.hook], passing(acting)),
      );
    case 'replay-hook':
      return replay(context, message, acting);
  }
}

function addHook(context: Context<DeskMessage>, { url, rooms, secret }: AddHook, acting: Acting): void {
  const id = context.newId();
  const hook = { id, url, rooms, secret, createdAt: context.wallMs() };
  const store = (): void =>
    askHooks(
      context,
      'addHook',
      [hook, MAX_HOOKS, acting.audit('hook.add', id, { host: new URL(url).host })],
      answered(acting, (added) => (added ? refreshed(context, acting, hook) : acting.refuse(TOO_MANY))),
    );
  const checked = (refusal: string | null): void =>
    refusal === null ? store() : acting.refuse(fault('invalid', `url: ${refusal}`));
  askHookDesk(context, 'refusal', [url], answered(acting, checked));
}

function replay(
  context: Context<DeskMessage>,
  { hook, events }: Extract<HookingMessage, { readonly type: 'replay-hook' }>,
  acting: Acting,
): void {
  withHook(context, hook, acting, () =>
    acting.ask('log', [acting.audit('hook.replay', hook)], () =>
      askHookDesk(
        context,
        'replay',
        [hook, events ?? null],
        answered(acting, (replayed) => acting.settle({ replayed })),
      ),
    ),
  );
}

function withHook(context: Context<DeskMessage>, hook: string, acting: Acting, then: () => void): void {
  const found = answered<readonly { readonly id: string }[]>(acting, (hooks) =>
    hooks.some(({ id }) => id === hook) ? then() : acting.refuse(NO_SUCH_HOOK),
  );
  askHooks(context, 'hooks', [], found);
}

/** What is written counts within seconds by itself: where those who deliver do not answer now, it is done all the same. */
function refreshed(context: Context<DeskMessage>, acting: Acting, answer: unknown): void {
  askHookDesk(context, 'refresh', [], () => acting.settle(answer));
}

function passing<T>(acting: Acting): (reply: Reply<T>) => void {
  return answered(acting, (value) => acting.settle(value));
}

function answered<T>(acting: Acting, then: (value: T) => void): (reply: Reply<T>) => void {
  return (reply) => (reply.ok ? then(reply.value) : acting.refuse(reply.fault));
}
