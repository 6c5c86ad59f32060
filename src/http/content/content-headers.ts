/**
 * The headers of user content. Whatever somebody uploaded is shown by a browser only as what it is known to be, in a
 * sandbox of its own, and only where nothing in it can act; everything else is saved to disk.
 */
import { create } from 'content-disposition';

export interface Presentation {
  readonly name: string;
  /** As sniffed from the bytes. */
  readonly type: string;
  /** `inline` asks for what is shown in place; granted to what is safe to show. */
  readonly disposition: 'inline' | 'attachment';
  /** `cross-origin`: pages of other origins may show it, for whom a link was signed. */
  readonly audience: 'same-site' | 'cross-origin';
  /** Origins besides the own one whose pages may hold it in a frame. */
  readonly frameAncestors: readonly string[];
}

/** Pictures, sound and films that browsers decode and never run. No SVG, HTML, XML or PDF. */
const SHOWN: ReadonlyMap<string, string> = new Map([
  ...['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif'].map(itself),
  ...['video/mp4', 'video/webm', 'audio/mpeg', 'audio/ogg', 'video/ogg', 'audio/wav', 'audio/mp4'].map(itself),
  ['image/apng', 'image/png'],
  ['audio/vnd.wave', 'audio/wav'],
  ['audio/wave', 'audio/wav'],
  ['audio/x-m4a', 'audio/mp4'],
  ['audio/ogg; codecs=opus', 'audio/ogg'],
  ['audio/opus', 'audio/ogg'],
]);

export function presentationHeaders(presentation: Presentation): Record<string, string> {
  const { name, type, disposition, audience, frameAncestors } = presentation;
  const shown = SHOWN.get(type);
  const isInline = disposition === 'inline' && shown !== undefined;
  const ancestors = ["'self'", ...frameAncestors].join(' ');
  return {
    'content-type': shown ?? 'application/octet-stream',
    'content-disposition': create(name, { type: isInline ? 'inline' : 'attachment' }),
    'x-content-type-options': 'nosniff',
    'content-security-policy':
      "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; " +
      `frame-ancestors ${ancestors}`,
    'cross-origin-resource-policy': audience,
    'referrer-policy': 'no-referrer',
  };
}

function itself(type: string): [string, string] {
  return [type, type];
}
