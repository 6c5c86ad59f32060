/** How long authors may change what they wrote. */
import * as type from './value-types.ts';
import { variable } from './variable.ts';

export const CHANGE_WINDOWS = {
  editWindowMs: variable({
    name: 'MAILROOM_EDIT_WINDOW',
    section: 'Sessions and limits',
    type: type.duration('0s', '36500d'),
    initial: 36_500 * 86_400_000,
    initialText: '36500d',
    unit: 'duration',
    description: 'How long after posting authors may edit what they wrote.',
  }),
  recallWindowMs: variable({
    name: 'MAILROOM_RECALL_WINDOW',
    section: 'Sessions and limits',
    type: type.duration('0s', '36500d'),
    initial: 120_000,
    initialText: '2m',
    unit: 'duration',
    description: 'How long after posting members may recall what they wrote. Owners and admins of a group always may.',
  }),
};
