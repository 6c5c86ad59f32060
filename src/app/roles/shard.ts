/** A shard thread: sessions, users, rooms, and the server that brings their clients. */
import { randomBytes } from 'node:crypto';
import { accounts } from '../../actors/accounts/accounts.ts';
import { accountsKind } from '../../actors/accounts/messages.ts';
import { fanout } from '../../actors/fanout/fanout.ts';
import { fanoutKind } from '../../actors/fanout/messages.ts';
import { instant, instantKind } from '../../actors/files/instant.ts';
import { linkDesk, linkDeskKind } from '../../actors/files/link-desk.ts';
import { moderationDesk } from '../../actors/moderation/desk.ts';
import { deskKind } from '../../actors/moderation/messages.ts';
import { personKind } from '../../actors/person/messages.ts';
import { person } from '../../actors/person/person.ts';
import type { PresenceBook } from '../../actors/presence/book.ts';
import { presenceKind } from '../../actors/presence/messages.ts';
import { presence } from '../../actors/presence/presence.ts';
import { type Ledger, ledgerActor, ledgerKind } from '../../actors/room/ledger.ts';
import { roomKind } from '../../actors/room/messages.ts';
import { room } from '../../actors/room/room.ts';
import { sessionKind } from '../../actors/session/messages.ts';
import { session } from '../../actors/session/session.ts';
import { watermark, watermarkKind, watermarks } from '../../actors/storage/watermark.ts';
import { userKind } from '../../actors/user/messages.ts';
import { revoker, revokerKind } from '../../actors/user/revoker.ts';
import { user } from '../../actors/user/user.ts';
import { chooseRanges } from '../../files/instant/ranges.ts';
import { type HttpServer, startServer } from '../../http/server.ts';
import { SocketGate } from '../../http/socket-gate.ts';
import { CLOSE } from '../../protocol/close-codes.ts';
import { pinnedId } from '../../runtime/placement.ts';
import { secrets } from '../secrets.ts';
import { Circuits } from '../storage/circuits.ts';
import { type OpenContentSource, openContentSource, urlSecret } from '../storage/content-source.ts';
import { progressOf, type RoleEnvironment, type RunningRole } from './role.ts';
import { startUploads, type Uploads } from './uploads.ts';

const RATE = { unitsPerSecond: 100, burst: 500 };
/** Of one user. */
const INSTANT_RATE = { perMinute: 60, burst: 60 };
/** Wrong passwords of one link. */
const LINK_RATE = { perMinute: 10, burst: 10 };
const TAIL = { maxMessages: 200, maxBytes: 256 * 1024 };
const MAX_REPLAY = 500;
const MAX_TOKENS_PER_USER = 32;
/** Bots have nobody who could log in again: ten years. */
const BOT_TOKEN_TTL_MS = 3_650 * 86_400_000;
const MAX_HASHING = 2;
const RESET_DEADLINE_MS = 15_000;
/** Sessions have answered what was under way by then; what is left are clients that do not read. */
const DRAIN_DEADLINE_MS = 4_000;

export function startShardRole(environment: RoleEnvironment): RunningRole {
  const { shard } = environment;
  const gate = new SocketGate(shard);
  registerKinds(environment, gate);
  const circuits = new Circuits(environment);
  const contents = openContentSource(environment, circuits);
  const uploads = startUploads(environment);
  let server: HttpServer | undefined;
  return {
    listen() {
      server = listen(environment, gate, contents, uploads);
      // The fan-out renews leases from now on, joined or not.
      shard.tell(shard.ref(fanoutKind, pinnedId(shard.thread, 0)), { type: 'lease-answer', differing: [] });
    },
    async drain(spreadMs) {
      server?.drain();
      gate.drain();
      for (const id of gate.ids()) {
        const retryAfter = Math.round(1_000 + Math.random() * spreadMs);
        shard.tell(shard.ref(sessionKind, pinnedId(shard.thread, id)), { type: 'drain', retryAfter });
      }
      const gone = Promise.all([gate.emptied(), uploads.writers.sendAllAway()]);
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, DRAIN_DEADLINE_MS))]);
    },
    abandon: () => gate.closeAll(CLOSE.draining, 'the node has failed'),
    sockets: () => gate.size,
    async resetPassword(username, password) {
      const desk = shard.ref(accountsKind, pinnedId(shard.thread, 0));
      const reply = await shard.ask(desk, { type: 'reset-password', username, new: password }, RESET_DEADLINE_MS);
      return reply.ok ? null : reply.fault.message;
    },
    backEnds: () => circuits.reports(),
    end: async () => {
      await server?.stop();
      await contents.close();
    },
  };
}

function registerKinds(environment: RoleEnvironment, gate: SocketGate): void {
  const { shard, config } = environment;
  const { epoch, persisted } = progressOf(environment);
  const ledger: Ledger = new Map();
  const gauges = watermarks(persisted.length);
  const book: PresenceBook = new Map();
  const { rateLimit, loginPolicy, tokenTtlMs, maxSocketsPerUser } = config;
  shard.register(watermarkKind, watermark(gauges));
  shard.register(ledgerKind, ledgerActor(ledger));
  shard.register(
    roomKind,
    room({
      ledger,
      homes: { epoch, watermarks: gauges },
      tail: TAIL,
      windows: { editMs: config.editWindowMs, recallMs: config.recallWindowMs },
      receiptsUpTo: config.receiptsUpTo,
      limits: { maxMembers: config.maxRoomMembers, maxRoomsPerUser: config.maxRoomsPerUser },
      typingMembers: config.typingMembers,
    }),
  );
  shard.register(fanoutKind, fanout({ sockets: gate, maxReplay: MAX_REPLAY }));
  shard.register(
    sessionKind,
    session({ sockets: gate, rate: rateLimit ? RATE : undefined, hashToken: secrets.hashToken }),
  );
  shard.register(
    userKind,
    user({
      policy: loginPolicy,
      tokenTtlMs,
      maxTokens: MAX_TOKENS_PER_USER,
      maxSockets: maxSocketsPerUser,
      indexed: config.storage.redis !== undefined,
    }),
  );
  shard.register(personKind, person(book));
  shard.register(presenceKind, presence({ sockets: gate, book, mirrored: config.storage.redis !== undefined }));
  shard.register(instantKind, instant({ rate: rateLimit ? INSTANT_RATE : undefined }));
  shard.register(linkDeskKind, linkDesk({ secrets, wrong: rateLimit ? LINK_RATE : undefined }));
  shard.register(revokerKind, revoker(shard));
  shard.register(deskKind, moderationDesk({ secrets, botTokenTtlMs: BOT_TOKEN_TTL_MS }));
  shard.register(accountsKind, accounts({ secrets, maxHashing: MAX_HASHING }));
}

function listen(
  { shard, crew, config, log }: RoleEnvironment,
  gate: SocketGate,
  source: OpenContentSource,
  uploads: Uploads,
): HttpServer {
  return startServer({
    shard,
    gate,
    host: config.host,
    port: config.port,
    threads: crew.roles.map((_, thread) => thread),
    webFiles: config.webFiles,
    allowedOrigins: config.allowedOrigins,
    trustedProxies: config.trustedProxies,
    rateLimit: config.rateLimit,
    files: {
      quotaBytes: config.quotaBytes,
      randomBytes,
      instant: { scope: config.instantScope, chooseRanges: (size) => chooseRanges(size, randomBytes) },
    },
    newToken: secrets.newToken,
    hashToken: secrets.hashToken,
    contents: { source, secret: urlSecret(config.dataDir), publicUrl: config.publicUrl },
    uploads: { ...uploads, maxSize: config.maxUploadSize },
    onError: (path, error) => log.error('a request failed', { path, error }),
  });
}
