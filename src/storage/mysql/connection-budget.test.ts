import { expect, test } from 'bun:test';
import { connectionBudget } from './connection-budget.ts';

test('[SQL21] a process opens no more connections than its pools together may, and one more a thread', () => {
  const settings = { threads: 2, primaryConnections: 8, replicaConnections: 4, servers: 2, replicas: 3 };
  expect(connectionBudget(settings)).toEqual({ primary: 18, otherServers: 2, eachReplica: 8, total: 44 });
});

test('[SQL21] one server without replicas takes the connections to the primary alone', () => {
  const settings = { threads: 1, primaryConnections: 8, replicaConnections: 8, servers: 1, replicas: 0 };
  expect(connectionBudget(settings).total).toBe(9);
});
