/** Variables of what the engine fetches on behalf of its users. */
import * as type from './value-types.ts';
import { variable } from './variable.ts';

export const DOWNLOAD_VARIABLES = {
  maxDownloads: variable({
    name: 'MAILROOM_MAX_DOWNLOADS',
    section: 'Files',
    type: type.integer(0, 10_000),
    initial: 20,
    initialText: '20',
    unit: 'downloads',
    description: 'A user may have so many downloads under way that the server does for them; 0 for none at all.',
  }),
  downloadMaxSize: variable({
    name: 'MAILROOM_DOWNLOAD_MAX_SIZE',
    section: 'Files',
    type: type.byteSize,
    initial: 10 * 2 ** 30,
    initialText: '10GiB',
    unit: 'size',
    description: 'A download has at most so many bytes, and never more than an upload may have.',
  }),
  downloadMaxTimeMs: variable({
    name: 'MAILROOM_DOWNLOAD_MAX_TIME',
    section: 'Files',
    type: type.duration('1s', '7d'),
    initial: 12 * 3_600_000,
    initialText: '12h',
    unit: 'duration',
    description: 'How long one try of a download may take.',
  }),
  downloadAllow: variable<readonly string[]>({
    name: 'MAILROOM_DOWNLOAD_ALLOW',
    section: 'Files',
    type: type.list(type.network),
    initial: Object.freeze([]),
    initialText: 'none',
    description: 'Networks that downloads may come from although they are not public.',
  }),
  downloadDeny: variable<readonly string[]>({
    name: 'MAILROOM_DOWNLOAD_DENY',
    section: 'Files',
    type: type.list(type.network),
    initial: Object.freeze([]),
    initialText: 'none',
    description: "Networks that downloads never come from, besides this machine's own addresses.",
  }),
  downloadPorts: variable<readonly number[]>({
    name: 'MAILROOM_DOWNLOAD_PORTS',
    section: 'Files',
    type: type.list(type.integer(1, 65_535)),
    initial: Object.freeze([]),
    initialText: 'none',
    description: 'Ports that downloads may come from, besides 80 and 443.',
  }),
} as const;
