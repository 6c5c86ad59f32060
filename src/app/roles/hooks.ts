/** What tells other programs of messages, wired up: noting them, spreading them, delivering them, and who asks about that. */
import { type HookDesk, hookDeskKind } from '../../actors/hooks.ts';
import { deskKind, HOOKS } from '../../actors/moderation/messages.ts';
import { decodeState, shownFrame } from '../../actors/room/message-state.ts';
import { hooksKind } from '../../actors/storage/hooks.ts';
import { type MessageReaderMessage, messageReaderKind } from '../../actors/storage/message-reader.ts';
import { portActor } from '../../actors/storage/port-actor.ts';
import { DownloadFault } from '../../files/download/download-fault.ts';
import { checkedUrl, type Egress } from '../../files/download/egress.ts';
import { postTo } from '../../files/download/post.ts';
import { Deliveries, type DeliveryCounts, OUT_POLICY, OUT_QUEUE } from '../../hooks/deliveries.ts';
import type { HookEvent } from '../../hooks/event.ts';
import { KnownHooks } from '../../hooks/known-hooks.ts';
import { MOVED_POLICY, MOVED_QUEUE, Outbox } from '../../hooks/outbox.ts';
import { Spreader } from '../../hooks/spreader.ts';
import { messageOfFrame } from '../../http/message-json.ts';
import { pinnedId } from '../../runtime/placement.ts';
import type { AnswerOf, Reply } from '../../runtime/reply.ts';
import type { Shard } from '../../runtime/shard.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { LogRecord } from '../../storage/ports/log-record.ts';
import type { Sample } from '../../storage/ports/sample.ts';
import { askedPort } from '../storage/asked.ts';
import { openQueues } from '../storage/queues.ts';
import { counter } from '../storage/samples.ts';
import type { RoleEnvironment } from './role.ts';

export interface RunningHooks {
  /** These are about to be stored. Resolves once that is noted. */
  announce(records: readonly LogRecord[]): Promise<void>;
  /** Delivers from now on: whom it asks is there. */
  begin(): void;
  samples(): readonly Sample[];
  backEnds(): readonly BackEndReport[];
  close(): Promise<void>;
}

const ASK_MS = 5_000;
const RECALL_MS = 15_000;
const POST_MS = 10_000;
const MAX_ANSWER_BYTES = 4_096;
const MAX_FRAME_BYTES = 1024 * 1024;

export function startHooks(environment: RoleEnvironment): RunningHooks {
  const { shard, config, log, fail } = environment;
  const { host } = shard;
  const queues = openQueues(environment, 'hooks');
  const moved = queues.queue(MOVED_QUEUE, MOVED_POLICY);
  const out = queues.queue(OUT_QUEUE, OUT_POLICY);
  const stored = askedPort(shard, hooksKind);
  const hooks = new KnownHooks({ read: () => stored.hooks(), host, onDefect: fail });
  const onFault = ({ message }: StorageFault): void => log.warn('hooks hear of messages later', { fault: message });
  const outbox = new Outbox({ queue: moved, hooks, host, onFault, onDefect: fail });
  const egress: Egress = { allow: [], deny: [], ports: 'any', inner: config.hooksToPrivate };
  const limits = { egress, timeoutMs: POST_MS, maxAnswerBytes: MAX_ANSWER_BYTES };
  const deliveries = new Deliveries({
    out,
    hooks,
    read: (event) => readMessage(shard, event),
    post: (url, headers, body) => postTo(url, body, { headers, ...limits }),
    recall: (event) => recall(shard, event),
    wallMs: () => host.wallMs(),
    onFailed: (event, reason, isDead) => {
      if (isDead) log.error('a hook has not taken an event', { ...event, reason });
      else log.warn('a hook is told of an event later', { ...event, reason });
    },
    onDefect: fail,
  });
  const head = async (room: string): Promise<number> => (await readFrom(shard, { type: 'head', room })).seq;
  const spreader = new Spreader({ moved, out, hooks, head, newId: () => host.newId(), onDefect: fail });
  shard.register(hookDeskKind, portActor(deskOf(hooks, deliveries, egress)));
  return {
    announce: (records) => outbox.announce(records),
    begin() {
      hooks.start();
      spreader.start();
      deliveries.start();
    },
    samples: () => hookSamples(deliveries.counts, outbox.dropped),
    backEnds: () => queues.backEnds(),
    async close() {
      hooks.close();
      outbox.close();
      await spreader.close();
      await deliveries.close();
      await queues.close();
    },
  };
}

function deskOf(hooks: KnownHooks, deliveries: Deliveries, egress: Egress): HookDesk {
  return {
    refusal: (url) => Promise.resolve(refusalOf(url, egress)),
    async refresh() {
      await hooks.refresh();
      return true;
    },
    dead: (hook) => deliveries.dead(hook),
    replay: (hook, ids) => deliveries.replay(hook, ids ?? undefined),
  };
}

function refusalOf(url: string, egress: Egress): string | null {
  try {
    checkedUrl(url, egress);
    return null;
  } catch (error) {
    if (error instanceof DownloadFault) return error.message;
    throw error;
  }
}

/** As everybody would be shown it now; undefined where it was recalled, or could never be stored. */
async function readMessage(
  shard: Shard,
  { room, seq }: HookEvent,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { change } = await readFrom(shard, { type: 'head', room });
  const query = { room, after: seq - 1, limit: 1, maxBytes: MAX_FRAME_BYTES };
  const { frames, firstSeq } = await readFrom(shard, { type: 'history', query });
  const [frame] = frames;
  if (frame === undefined || firstSeq !== seq || frame.length === 0) return undefined;
  const states = { room, from: seq, to: seq, descending: false, maxBytes: MAX_FRAME_BYTES, known: change };
  const [changed] = (await readFrom(shard, { type: 'states', query: states })).states;
  if (changed === undefined) return messageOfFrame(frame);
  const state = decodeState(changed.state);
  if (state.recalled === true) return undefined;
  return messageOfFrame(shownFrame(room, seq, frame, { change: changed.change, state }, undefined));
}

async function readFrom<const Q extends MessageReaderMessage>(
  shard: Shard,
  question: Q,
): Promise<AnswerOf<MessageReaderMessage, Q>> {
  const reply = (await shard.ask(shard.ref(messageReaderKind, 'all'), question, ASK_MS)) as Reply<
    AnswerOf<MessageReaderMessage, Q>
  >;
  if (reply.ok) return reply.value;
  throw new StorageFault('unavailable', `reading messages: ${reply.fault.message}`);
}

/** By way of the desk of the first shard, which logs it. Where there is nothing to recall any more, that is as good. */
async function recall(shard: Shard, { hook, room, seq }: HookEvent): Promise<void> {
  const message = { type: 'recall-message', by: HOOKS, room, seq, reason: `hook ${hook}` } as const;
  const reply = await shard.ask(shard.ref(deskKind, pinnedId(0, 0)), message, RECALL_MS);
  if (reply.ok || reply.fault.code === 'conflict' || reply.fault.code === 'not_found') return;
  throw new StorageFault('unavailable', `the recall that the hook asked for: ${reply.fault.message}`);
}

function hookSamples({ delivered, failed, dead }: DeliveryCounts, dropped: number): Sample[] {
  return [
    counter('mailroom_hook_deliveries_total', 'Events that hooks have taken.', delivered),
    counter('mailroom_hook_failures_total', 'Events that a hook has not taken and is sent again.', failed),
    counter('mailroom_hook_dead_total', 'Events that were given up until somebody replays them.', dead),
    counter('mailroom_hook_dropped_total', 'Rooms whose messages could not be noted for hooks.', dropped),
  ];
}
