import { describe, expect, test } from 'bun:test';
import { Topic } from './topic.ts';

function topicAt(seq: number): Topic {
  const topic = new Topic('room');
  topic.seq = seq;
  return topic;
}

describe('topic', () => {
  test('[FAN1] recent frames bring a session up to date exactly, or not at all', () => {
    const topic = topicAt(10);
    topic.advance(new Uint8Array([11]));
    topic.advance(new Uint8Array([12]));
    expect(topic.recentAfter(12)).toEqual([]);
    expect(topic.recentAfter(10)?.map((frame) => frame[0])).toEqual([11, 12]);
    expect(topic.recentAfter(11)?.map((frame) => frame[0])).toEqual([12]);
    expect(topic.recentAfter(9)).toBeUndefined();
  });

  test('[FAN1] recent frames are bounded in number and in bytes', () => {
    const many = topicAt(0);
    for (let seq = 1; seq <= 1_000; seq++) many.advance(new Uint8Array([seq & 255]));
    expect(many.recentAfter(900)).toBeUndefined();
    expect(many.recentAfter(980)).toHaveLength(20);
    const large = topicAt(0);
    for (let seq = 1; seq <= 20; seq++) large.advance(new Uint8Array(60_000));
    expect(large.recentAfter(10)).toBeUndefined();
    expect(large.recentAfter(19)).toHaveLength(1);
  });
});
