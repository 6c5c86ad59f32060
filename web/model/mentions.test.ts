import { expect, test } from 'bun:test';
import { mentionsIn, nameAt, splitNames, suggestionsFor } from './mentions.ts';

const members = [
  { user: '1', username: 'ann' },
  { user: '2', username: 'joanna' },
  { user: '3', username: 'bob.smith' },
];

test('[WEB44] names are found where an @ stands before them, without what ends the sentence', () => {
  expect(splitNames('Hi @ann, ask @bob.smith. Or (@joanna)')).toEqual([
    { text: 'Hi ' },
    { text: '@ann', name: 'ann' },
    { text: ', ask ' },
    { text: '@bob.smith', name: 'bob.smith' },
    { text: '. Or (' },
    { text: '@joanna', name: 'joanna' },
    { text: ')' },
  ]);
  expect(splitNames('ann@example.org')).toEqual([{ text: 'ann@example.org' }]);
});

test('[WEB44] only members are spoken to, and everybody by the word for it', () => {
  expect(mentionsIn('@Ann and @nobody', members)).toEqual({ users: ['1'], all: false });
  expect(mentionsIn('@all: @bob.smith!', members)).toEqual({ users: ['3'], all: true });
});

test('[WEB44] a name that is being written is completed, those that begin so first', () => {
  expect(nameAt('hello @an', 9)).toEqual({ start: 6, begun: 'an' });
  expect(nameAt('hello @an there', 15)).toBeUndefined();
  expect(suggestionsFor('ann', members, 5).map(({ username }) => username)).toEqual(['ann', 'joanna']);
  expect(suggestionsFor('', members, 2)).toHaveLength(2);
});
