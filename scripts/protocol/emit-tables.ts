/** Fills the tables of the reference between `<!-- generated:NAME -->` and `<!-- /generated -->`. */
import type { TSchema } from '@sinclair/typebox';
import { CLOSE_RULES } from '../../src/protocol/close-codes.ts';
import { FAULTS } from '../../src/protocol/faults.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { METHODS, NOTIFICATIONS } from '../../src/protocol/schema/catalogue.ts';
import { User } from '../../src/protocol/schema/common.ts';
import { Contact } from '../../src/protocol/schema/contacts.ts';
import { ErrorObject } from '../../src/protocol/schema/fault.ts';
import { Message } from '../../src/protocol/schema/messages.ts';
import { RoomEntry, RoomMember, RoomSummary } from '../../src/protocol/schema/rooms.ts';
import { describe } from './emit-checks.ts';

const MARKED = /(<!-- generated:([\w.-]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g;

const RETRY = {
  never: 'no',
  later: 'yes, after `retryAfter`',
  'same-nonce': 'yes, after `retryAfter`; a post with the same nonce',
};

/** The type asks for every limit that there is. */
const LIMIT_MEANINGS: Readonly<Record<keyof typeof LIMITS, string>> = {
  maxSocketMessageBytes: 'bytes of a WebSocket message',
  maxPackedBytes: 'bytes up to which the server packs frames into one WebSocket message',
  maxMessagesPerSocketMessage: 'protocol messages in one WebSocket message to the server',
  maxDepth: 'containers inside each other, the envelope included',
  maxElements: 'values and map keys in one WebSocket message to the server',
  maxBodyBytes: 'bytes of a message body',
  maxNonceBytes: 'bytes of a nonce',
  nonceWindowPosts: 'last posts, and last changes, of a user in a room among which a nonce is known again',
  maxIdLength: 'characters of an id',
  maxTitleLength: 'characters of a title',
  maxUsernameLength: 'characters of a username',
  maxClientLength: 'characters of `client` in `hello`',
  maxTokenLength: 'characters of a token',
  maxDeviceLength: 'characters of the name of a device',
  maxCursorLength: 'characters of a cursor',
  maxTopicLength: 'characters of a topic',
  maxReasonLength: 'characters of the reason of a ban',
  maxSlowModeSeconds: 'seconds of slow mode',
  maxLinksPerRoom: 'links of a room',
  maxRequestsPerRoom: 'requests to join that wait in a room',
  maxMutesPerRoom: 'muted users of a room',
  maxPeoplePerPage: 'members, bans or requests in one answer',
  maxReportLength: 'characters of the reason of a report or a suspension',
  maxOpenReports: 'reports of one user that wait for an answer',
  maxDisplayNameLength: 'characters of `displayName`',
  maxAboutLength: 'characters of `about`',
  maxContactNoteLength: 'characters of `note` in `contacts.request`',
  maxMembersInCreate: '`members` in `rooms.create`',
  maxUsersInGet: '`users` in `users.get`',
  usersPerSearch: 'users in an answer of `users.search`',
  maxContacts: 'contacts of a user, requests both ways included',
  contactsPerPage: 'contacts or blocks in one answer',
  maxBlocks: 'users whom a user has blocked',
  maxPresenceUsers: '`users` in `presence.subscribe` and `presence.unsubscribe`',
  maxPresencePerSession: 'users whose presence a socket follows',
  maxMentions: '`mentions` of a message',
  maxFiles: '`files` of a message',
  maxReactionBytes: 'bytes of a reaction',
  maxReactionKinds: 'different reactions to a message',
  maxReactions: "reactions to a message, counting each user's",
  maxPins: 'pinned messages in a room',
  maxResumeRooms: 'rooms in `resume`; a client in more of them resumes the busiest',
  maxHistoryMessages: 'messages in an answer of `messages.history`',
  defaultHistoryMessages: 'the same, where `limit` is absent',
  maxQueryLength: 'code points of a search',
  maxSearchHits: 'hits in one answer of a search',
  defaultSearchHits: 'the same, where `limit` is absent',
  maxHidesAtOnce: 'messages that one request hides',
  maxHiddenMessages: 'messages of one room that a user may have hidden',
  helloDeadlineMs: 'milliseconds until a socket without `hello` is closed',
  heartbeatMs: '`heartbeatMs` of `hello`, unless the server says otherwise',
};

/** The text with every marked part made anew. Throws on a name that it does not know and on a table without a place. */
export function fillTables(text: string): string {
  const tables = allTables();
  const filled = text.replace(MARKED, (_, open: string, name: string, close: string) => {
    const table = tables.get(name);
    if (table === undefined) throw new Error(`no generated part is named ${name}`);
    tables.delete(name);
    return `${open}\n${table}\n\n${close}`;
  });
  if (tables.size > 0) throw new Error(`the reference has no place for ${[...tables.keys()].join(', ')}`);
  return filled;
}

function allTables(): Map<string, string> {
  const tables = new Map<string, string>([
    ['faults', faultTable()],
    ['closes', closeTable()],
    ['limits', limitTable()],
    ['error', fieldTable(ErrorObject)],
    ['RoomSummary', fieldTable(RoomSummary)],
    ['RoomEntry', fieldTable(RoomEntry)],
    ['RoomMember', fieldTable(RoomMember)],
    ['User', fieldTable(User)],
    ['Contact', fieldTable(Contact)],
  ]);
  for (const [name, method] of Object.entries(METHODS)) {
    const params = `*Params*\n\n${fieldTable(method.params)}`;
    tables.set(name, `${method.summary}\n\n${params}\n\n*Result*\n\n${resultTable(method.result)}`);
  }
  for (const [name, schema] of Object.entries<TSchema>(NOTIFICATIONS)) {
    tables.set(`on.${name}`, `${schema.description}\n\n${fieldTable(schema)}`);
  }
  return tables;
}

function resultTable(schema: TSchema): string {
  return schema === RoomEntry ? 'A [room entry](#rooms).' : fieldTable(schema);
}

function fieldTable(schema: TSchema): string {
  const required = new Set<string>(schema.required ?? []);
  const rows = Object.entries<TSchema>(schema.properties).map(([name, field]) => {
    const key = required.has(name) ? `\`${name}\`` : `\`${name}\`?`;
    return [key, typeOf(field), field.description ?? ''];
  });
  return rows.length === 0 ? 'An empty map.' : table(['key', 'type', 'meaning'], rows);
}

function typeOf(schema: TSchema): string {
  if (schema.patternProperties) {
    return `a map of at most ${schema.maxProperties} entries: room id → integer or [integer, integer, id]`;
  }
  if (schema.type === 'array') return `${describe(schema)}, each ${itemOf(schema.items)}`;
  return schema.type === 'object' ? itemOf(schema) : describe(schema);
}

function itemOf(schema: TSchema): string {
  if (schema.type !== 'object') return describe(schema);
  const named = Object.entries({
    message: Message,
    'room summary': RoomSummary,
    member: RoomMember,
    contact: Contact,
    user: User,
  }).find(([, known]) => JSON.stringify(known) === JSON.stringify(schema));
  return named
    ? `${named[0] === 'user' ? 'a [user](#users)' : `a ${named[0]}`}`
    : `a map {${Object.keys(schema.properties).join(', ')}}`;
}

function faultTable(): string {
  const rows = Object.entries(FAULTS).map(([code, rule]) => [
    `\`${code}\``,
    `${rule.httpStatus}`,
    RETRY[rule.retry],
    rule.meaning,
  ]);
  return table(['code', 'HTTP status', 'ask again', 'meaning'], rows);
}

function closeTable(): string {
  const rows = Object.entries(CLOSE_RULES).map(([code, rule]) => [
    code,
    rule.reconnect === 'no' ? 'no' : 'yes, with back-off',
    rule.meaning,
  ]);
  return table(['code', 'reconnect', 'meaning'], rows);
}

function limitTable(): string {
  const rows = Object.entries(LIMITS).map(([name, value]) => [
    LIMIT_MEANINGS[name as keyof typeof LIMITS],
    value.toLocaleString('en-US'),
  ]);
  return table(['limit', 'figure'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
