/** What the two MariaDB servers are told: their configuration files and the statements that each start runs. */
import { join } from 'node:path';
import type { Site } from './site.ts';

export interface Server {
  readonly name: 'mysql-primary' | 'mysql-replica';
  readonly dir: string;
  readonly port: number;
}

export function primaryOf(site: Site): Server {
  return { name: 'mysql-primary', dir: join(site.dir, 'mysql-primary'), port: site.ports.mysqlPrimary };
}

export function replicaOf(site: Site): Server {
  return { name: 'mysql-replica', dir: join(site.dir, 'mysql-replica'), port: site.ports.mysqlReplica };
}

export function configFile(server: Server): string {
  return join(server.dir, 'server.cnf');
}

export function serverConfiguration(server: Server): string {
  return `[mariadbd]
datadir = ${join(server.dir, 'data')}
# Relative to the data directory, as the path of a socket may hold 107 characters only.
socket = server.sock
pid-file = server.pid
init-file = ${join(server.dir, 'init.sql')}
bind-address = 127.0.0.1
port = ${server.port}
skip-name-resolve
local-infile = OFF
character-set-server = utf8mb4
sql-mode = STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION
max-allowed-packet = 64M
innodb-buffer-pool-size = 128M

# An acknowledged transaction is on the disk, in the tables' log and in the binary log.
innodb-flush-log-at-trx-commit = 1
sync-binlog = 1
log-bin = binlog
binlog-format = ROW
binlog-expire-logs-seconds = 604800
gtid-strict-mode = ON
log-slave-updates = ON
gtid-domain-id = 0
${server.name === 'mysql-primary' ? PRIMARY_ONLY : REPLICA_ONLY}`;
}

const PRIMARY_ONLY = `server-id = 1
# A commit is answered, and seen by others, only after a replica has it in its relay log. Without one, or past a second,
# the primary goes on alone and says so in Rpl_semi_sync_master_status.
rpl-semi-sync-master-enabled = ON
rpl-semi-sync-master-wait-point = AFTER_SYNC
rpl-semi-sync-master-timeout = 1000
rpl-semi-sync-master-wait-no-slave = OFF
# On a primary this would cut unacknowledged transactions off its binary log after a crash.
rpl-semi-sync-slave-enabled = OFF
`;

const REPLICA_ONLY = `server-id = 2
rpl-semi-sync-slave-enabled = ON
rpl-semi-sync-master-enabled = OFF
read-only = ON
# A relay log that a crash has torn is fetched again.
relay-log = relaylog
relay-log-recovery = ON
slave-net-timeout = 10
`;

/**
 * Runs at every start, before the server listens. It is not written to the binary log: each server makes its own users,
 * and a start leaves no trace in the replication. One statement a line.
 */
export function initStatements(site: Site): string {
  const { mysqlAdmin, mysqlUser, mysqlReplication } = site.settings.secrets;
  const user = (name: string, password: string): string[] => [
    `CREATE USER IF NOT EXISTS '${name}'@'127.0.0.1'`,
    `ALTER USER '${name}'@'127.0.0.1' IDENTIFIED BY '${password}'`,
  ];
  const statements = [
    'SET sql_log_bin = 0',
    // Fresh system tables let whoever is root come in by the socket.
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${mysqlAdmin}'`,
    ...user('admin', mysqlAdmin),
    "GRANT ALL PRIVILEGES ON *.* TO 'admin'@'127.0.0.1' WITH GRANT OPTION",
    ...user('replication', mysqlReplication),
    "GRANT REPLICATION SLAVE ON *.* TO 'replication'@'127.0.0.1'",
    ...user('mailroom', mysqlUser),
    // Tests make databases of their own, so the name is a pattern. The rest is for reading how replication does.
    "GRANT ALL PRIVILEGES ON `mailroom%`.* TO 'mailroom'@'127.0.0.1'",
    "GRANT BINLOG MONITOR, SLAVE MONITOR ON *.* TO 'mailroom'@'127.0.0.1'",
    'CREATE DATABASE IF NOT EXISTS mailroom',
  ];
  return `${statements.join(';\n')};\n`;
}

/** Run once on the replica. What it has read is in its tables, transaction by transaction, so a crash loses no place. */
export function followStatement(site: Site): string {
  return `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${site.ports.mysqlPrimary},
    MASTER_USER = 'replication', MASTER_PASSWORD = '${site.settings.secrets.mysqlReplication}',
    MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = 1`;
}
