/** Variables of hooks. */
import * as type from './value-types.ts';
import { variable } from './variable.ts';

export const HOOK_VARIABLES = {
  hooksToPrivate: variable({
    name: 'MAILROOM_HOOKS_TO_PRIVATE',
    section: 'Sessions and limits',
    type: type.onOff,
    initial: false,
    initialText: 'off',
    description: "'on' lets hooks go to addresses that are not public too, such as this machine and its network.",
  }),
} as const;
