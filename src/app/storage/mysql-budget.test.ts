import { expect, test } from 'bun:test';
import { mysqlBudget } from './mysql-budget.ts';

test('[SQL21] the pools of all threads and one more connection for each thread are the budget', () => {
  const { lease, store, reading, search, primary, eachReplica, eachReplicaSearching } = mysqlBudget(4);
  expect(primary).toBe(lease + store + reading + search + 4);
  expect([store, eachReplica, eachReplicaSearching]).toEqual([5, 8, 4]);
});

test('[SQL21] more partitions than eight share their connections, so that the budget is bounded', () => {
  expect(mysqlBudget(256)).toEqual(mysqlBudget(8));
});
