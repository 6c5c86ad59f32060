/** Every variable of the environment. Help, `docs/configuration.md` and `docker/.env.example` are made from this. */

import { CHANGE_WINDOWS } from './change-windows.ts';
import { DOWNLOAD_VARIABLES } from './download-variables.ts';
import { FILE_VARIABLES } from './file-variables.ts';
import { HOOK_VARIABLES } from './hook-variables.ts';
import { ROOM_VARIABLES } from './room-variables.ts';
import * as type from './value-types.ts';
import { optional, type Variable, variable } from './variable.ts';

/** Services of one binary. `all` is every one of them. */
const ROLES = ['all', 'gateway', 'actors', 'persister', 'transferer', 'hasher'] as const;

export type Role = (typeof ROLES)[number];

export const SCHEMA = {
  host: variable({
    name: 'MAILROOM_HOST',
    section: 'Listening',
    type: type.host,
    initial: '127.0.0.1',
    initialText: '127.0.0.1',
    description: 'Where HTTP and WebSocket listen.',
  }),
  port: variable({
    name: 'MAILROOM_PORT',
    section: 'Listening',
    type: type.integer(0, 65_535),
    initial: 8080,
    initialText: '8080',
    description: 'One port for HTTP and WebSocket. Port 0 picks a free one; the chosen address is printed.',
  }),
  publicUrl: optional({
    name: 'MAILROOM_PUBLIC_URL',
    section: 'Listening',
    type: type.webAddress,
    initialText: 'its own address',
    description: 'The address that people use, for links and as an allowed origin.',
  }),
  allowedOrigins: variable<readonly string[]>({
    name: 'MAILROOM_ALLOWED_ORIGINS',
    section: 'Listening',
    type: type.list(type.origin),
    initial: Object.freeze([]),
    initialText: 'none beyond its own',
    description: 'Origins whose pages may call the API and open sockets, beside the own address.',
  }),
  trustedProxies: variable<readonly string[]>({
    name: 'MAILROOM_TRUSTED_PROXIES',
    section: 'Listening',
    type: type.list(type.network),
    initial: Object.freeze([]),
    initialText: 'none',
    description: 'Whose X-Forwarded-For header counts.',
  }),
  dataDir: variable({
    name: 'MAILROOM_DATA_DIR',
    section: 'Storage',
    type: type.path,
    initial: './data',
    initialText: './data',
    description: 'Embedded database, staged uploads and embedded objects. One process owns it at a time.',
  }),
  mysqlUrl: optional({
    name: 'MAILROOM_MYSQL_URL',
    section: 'Storage',
    type: type.list(type.serviceUrl('mysql')),
    initialText: 'unset: embedded SQLite',
    description:
      'The MySQL primary, with the database as its path. A comma list is searched for the one that takes writes.',
    secret: true,
  }),
  mysqlReplicaUrls: optional({
    name: 'MAILROOM_MYSQL_REPLICA_URLS',
    section: 'Storage',
    type: type.list(type.serviceUrl('mysql')),
    initialText: 'unset: no replicas',
    description: 'MySQL read replicas, as a comma list.',
    secret: true,
  }),
  redisUrl: optional({
    name: 'MAILROOM_REDIS_URL',
    section: 'Storage',
    type: type.serviceUrl('redis', 'rediss'),
    initialText: 'unset: in-process cache',
    description: 'Cache, offline index, presence, upload state and cluster directory.',
    secret: true,
  }),
  amqpUrl: optional({
    name: 'MAILROOM_AMQP_URL',
    section: 'Storage',
    type: type.serviceUrl('amqp', 'amqps'),
    initialText: 'unset: embedded queue',
    description: 'The write-behind log and the transfer queue.',
    secret: true,
  }),
  s3Url: optional({
    name: 'MAILROOM_S3_URL',
    section: 'Storage',
    type: type.serviceUrl('http', 'https'),
    initialText: 'unset: files below the data directory',
    description: 'The object store: Ceph RGW, or any S3.',
    secret: true,
  }),
  s3Bucket: optional({
    name: 'MAILROOM_S3_BUCKET',
    section: 'Storage',
    type: type.name,
    initialText: 'unset',
    description: 'The bucket that holds the objects.',
  }),
  s3AccessKey: optional({
    name: 'MAILROOM_S3_ACCESS_KEY',
    section: 'Storage',
    type: type.secret,
    initialText: 'unset',
    description: 'The access key of the object store.',
    secret: true,
  }),
  s3SecretKey: optional({
    name: 'MAILROOM_S3_SECRET_KEY',
    section: 'Storage',
    type: type.secret,
    initialText: 'unset',
    description: 'The secret key of the object store.',
    secret: true,
  }),
  search: variable<'on' | 'off' | 'rebuild'>({
    name: 'MAILROOM_SEARCH',
    section: 'Storage',
    type: type.choice(['on', 'off', 'rebuild']),
    initial: 'on',
    initialText: 'on',
    description:
      "Full-text search of messages. 'rebuild' makes the index anew from the stored messages, at this start.",
  }),
  finishAt: variable<'staged' | 'stored'>({
    name: 'MAILROOM_FINISH',
    section: 'Storage',
    type: type.choice(['staged', 'stored']),
    initial: 'staged',
    initialText: 'staged',
    description:
      "'staged': an upload is finished once it is safe on this node's disk. 'stored': only once it is in the object store.",
  }),
  stagingGraceMs: variable({
    name: 'MAILROOM_STAGING_GRACE',
    section: 'Storage',
    type: type.duration('0s', '30d'),
    initial: 10 * 60_000,
    initialText: '10m',
    unit: 'duration',
    description: 'How long content stays on the disk of its node after it has moved to the object store.',
  }),
  namespace: variable({
    name: 'MAILROOM_NAMESPACE',
    section: 'Storage',
    type: type.name,
    initial: 'mailroom',
    initialText: 'mailroom',
    description: 'Begins every name in Redis and RabbitMQ, so that several deployments can share them.',
  }),
  logPartitions: variable({
    name: 'MAILROOM_LOG_PARTITIONS',
    section: 'Storage',
    type: type.integer(1, 256),
    initial: 8,
    initialText: '8',
    unit: 'partitions',
    description: 'Queues of the message log in RabbitMQ. Fixed when it is first used; the embedded log has one.',
  }),
  threads: {
    name: 'MAILROOM_THREADS',
    section: 'Processes',
    type: type.integer(1, 256),
    initial: ({ cores }) => Math.min(cores, 256),
    initialText: 'the number of cores',
    unit: 'threads',
    description: 'Worker threads, one shard each.',
  } satisfies Variable<number>,
  roles: variable<readonly Role[]>({
    name: 'MAILROOM_ROLES',
    section: 'Processes',
    type: type.list(type.choice(ROLES)),
    initial: Object.freeze(['all'] as const),
    initialText: 'all',
    description: 'Which services this process runs.',
    notYet: "this version runs every service in one process; leave it at 'all'",
  }),
  tokenTtlMs: variable({
    name: 'MAILROOM_TOKEN_TTL',
    section: 'Sessions and limits',
    type: type.duration('1s', '3650d'),
    initial: 30 * 86_400_000,
    initialText: '30d',
    unit: 'duration',
    description: 'How long a token is valid after its login or renewal.',
  }),
  ...CHANGE_WINDOWS,
  loginPolicy: variable<'device' | 'single'>({
    name: 'MAILROOM_LOGIN_POLICY',
    section: 'Sessions and limits',
    type: type.choice(['device', 'single']),
    initial: 'device',
    initialText: 'device',
    description: "'device': one valid token per user and device. 'single': the newest login is the only valid one.",
  }),
  maxSocketsPerUser: variable({
    name: 'MAILROOM_MAX_SOCKETS_PER_USER',
    section: 'Sessions and limits',
    type: type.integer(1, 100_000),
    initial: 64,
    initialText: '64',
    unit: 'sockets',
    description: 'One token may hold several sockets (tabs), up to this many a user.',
  }),
  ...ROOM_VARIABLES,
  ...HOOK_VARIABLES,
  rateLimit: variable({
    name: 'MAILROOM_RATE_LIMIT',
    section: 'Sessions and limits',
    type: type.onOff,
    initial: true,
    initialText: 'on',
    description: "'off' switches rate limits off, for load tests.",
  }),
  ...FILE_VARIABLES,
  ...DOWNLOAD_VARIABLES,
  logLevel: variable<'debug' | 'info' | 'warn' | 'error'>({
    name: 'MAILROOM_LOG_LEVEL',
    section: 'Logging',
    type: type.choice(['debug', 'info', 'warn', 'error']),
    initial: 'info',
    initialText: 'info',
    description: 'The least level that is written.',
  }),
  logFormat: variable<'auto' | 'json' | 'text'>({
    name: 'MAILROOM_LOG_FORMAT',
    section: 'Logging',
    type: type.choice(['auto', 'json', 'text']),
    initial: 'auto',
    initialText: 'auto',
    description: "'auto' writes text to a terminal and JSON lines elsewhere.",
  }),
} as const;

type ValueOf<V> = V extends Variable<infer T> ? T : never;

/** The configuration of one process. Frozen. */
export type Config = { readonly [K in keyof typeof SCHEMA]: ValueOf<(typeof SCHEMA)[K]> };

/** All variables in the order of the schema, without their value types. */
export const VARIABLES: readonly Variable<unknown>[] = Object.values(SCHEMA);
