/** Which back ends the configuration names, as plain data that goes to the threads. Each is chosen on its own. */
import type { Config } from '../../config/schema.ts';

export interface S3Settings {
  readonly url: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface MysqlSettings {
  /** May be a comma list of servers of which one takes writes. */
  readonly url: string;
  readonly replicaUrls: readonly string[];
}

/** What is undefined is embedded. */
export interface StorageSettings {
  readonly mysql: MysqlSettings | undefined;
  readonly redis: { readonly url: string } | undefined;
  readonly amqp: { readonly url: string; readonly partitions: number } | undefined;
  readonly s3: S3Settings | undefined;
  /** Begins every name in Redis and RabbitMQ. */
  readonly namespace: string;
}

/** Throws a readable error where variables that belong together are not all set. */
export function storageSettings(config: Config): StorageSettings {
  const { mysqlUrl, mysqlReplicaUrls, redisUrl, amqpUrl, namespace } = config;
  if (mysqlUrl === undefined && mysqlReplicaUrls !== undefined) {
    throw new Error('MAILROOM_MYSQL_REPLICA_URLS: needs MAILROOM_MYSQL_URL');
  }
  return {
    mysql: mysqlUrl && {
      url: mysqlUrl.map((url) => url.reveal()).join(','),
      replicaUrls: (mysqlReplicaUrls ?? []).map((url) => url.reveal()),
    },
    redis: redisUrl && { url: redisUrl.reveal() },
    amqp: amqpUrl && { url: amqpUrl.reveal(), partitions: config.logPartitions },
    s3: s3Settings(config),
    namespace,
  };
}

function s3Settings({ s3Url, s3Bucket, s3AccessKey, s3SecretKey }: Config): S3Settings | undefined {
  const all = {
    MAILROOM_S3_URL: s3Url?.reveal(),
    MAILROOM_S3_BUCKET: s3Bucket,
    MAILROOM_S3_ACCESS_KEY: s3AccessKey?.reveal(),
    MAILROOM_S3_SECRET_KEY: s3SecretKey?.reveal(),
  };
  const missing = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (missing.length === 4) return undefined;
  if (missing.length > 0)
    throw new Error(`${missing.join(', ')}: needed where the other MAILROOM_S3_ variables are set`);
  const [url = '', bucket = '', accessKey = '', secretKey = ''] = Object.values(all);
  return { url, bucket, accessKey, secretKey };
}

/** For the log: what is where. Holds no addresses, since they hold passwords. */
export function describeStorage({ mysql, redis, amqp, s3 }: StorageSettings): Readonly<Record<string, string>> {
  return {
    log: amqp === undefined ? 'embedded' : `RabbitMQ, partitions: ${amqp.partitions}`,
    store: mysql === undefined ? 'embedded' : `MySQL, replicas: ${mysql.replicaUrls.length}`,
    cache: mysql === undefined ? 'none' : redis === undefined ? 'in process' : 'Redis',
    objects: s3 === undefined ? 'embedded' : 'S3',
  };
}
