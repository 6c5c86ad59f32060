import { expect, test } from 'bun:test';
import { EventEmitter } from 'node:events';
import type { ConfirmChannel } from 'amqplib';
import { type ChannelHome, SupervisedChannel } from './channel.ts';

test('[AMQ16] a broker that does not answer the closing of a channel is cut off, and closing ends', async () => {
  const silent = Object.assign(new EventEmitter(), { close: () => new Promise<void>(() => undefined) });
  const cuts: string[] = [];
  const opened = Promise.withResolvers<void>();
  const home: ChannelHome = {
    open: () => Promise.resolve(silent as unknown as ConfirmChannel),
    cut: (reason) => cuts.push(reason),
    failed: () => undefined,
    closed: () => undefined,
    maxPauseMs: 1_000,
  };
  const channel = new SupervisedChannel({ opened: () => opened.resolve(), lost: () => undefined }, home);
  channel.connected();
  await opened.promise;
  await channel.close();
  expect(cuts).toEqual(['the channel does not close']);
});
