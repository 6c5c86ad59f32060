import { expect, test } from 'bun:test';
import type { FileRole, FileState } from '../../storage/ports/file-records.ts';
import { type FileAction, mayFile } from './permissions.ts';

const ROLES: readonly FileRole[] = ['owner', 'member', 'friend'];
const STATES: readonly FileState[] = ['live', 'trashed', 'gone'];
const ACTIONS: readonly FileAction[] = ['read', 'change', 'restore', 'share', 'post'];

/** The whole truth; what is not here is forbidden. */
const ALLOWED = new Set([
  'owner live read',
  'owner live change',
  'owner live share',
  'owner live post',
  'owner trashed read',
  'owner trashed restore',
  'member live read',
  'member trashed read',
  'member gone read',
  'member live post',
  'member trashed post',
  'member gone post',
  'friend live read',
]);

test('[FIL1] every action of every role in every state of a file is allowed or forbidden as the table says', () => {
  for (const role of ROLES) {
    for (const state of STATES) {
      for (const action of ACTIONS) {
        const name = `${role} ${state} ${action}`;
        expect([name, mayFile(action, { roles: [role], state })]).toEqual([name, ALLOWED.has(name)]);
      }
    }
  }
});

test('[FIL1] who has several roles may do what any of them allows, and who has none nothing', () => {
  expect(mayFile('read', { roles: ['friend', 'member'], state: 'gone' })).toBe(true);
  expect(mayFile('change', { roles: ['member', 'owner'], state: 'live' })).toBe(true);
  for (const action of ACTIONS) expect(mayFile(action, { roles: [], state: 'live' })).toBe(false);
});
