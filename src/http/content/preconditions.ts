/** Conditional requests and ranges (RFC 9110, sections 13 and 14) on content that never changes. */

/** What the conditions of a request are compared with. */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch. HTTP knows whole seconds. */
  readonly modifiedAt: number;
}

/** `go-on`: send what was asked for. */
export type Verdict = 'go-on' | 'not-modified' | 'failed';

const TAG = /\s*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)/y;

/** In the order that the RFC gives. */
export function judge(request: Request, validators: Validators): Verdict {
  const { headers } = request;
  const ifMatch = headers.get('if-match');
  const unmodifiedSince = headers.get('if-unmodified-since');
  if (ifMatch !== null) {
    if (!matches(ifMatch, validators.etag, 'strong')) return 'failed';
  } else if (unmodifiedSince !== null && isBefore(timeOf(unmodifiedSince), validators)) return 'failed';
  const ifNoneMatch = headers.get('if-none-match');
  const modifiedSince = headers.get('if-modified-since');
  if (ifNoneMatch !== null) {
    if (matches(ifNoneMatch, validators.etag, 'weak')) return 'not-modified';
  } else if (modifiedSince !== null) {
    const since = timeOf(modifiedSince);
    if (since !== null && !isBefore(since, validators)) return 'not-modified';
  }
  return 'go-on';
}

/** Whether the `Range` of a request counts: without `If-Range`, or where that names this very content. */
export function rangeCounts(request: Request, { etag, modifiedAt }: Validators): boolean {
  const condition = request.headers.get('if-range');
  if (condition === null) return true;
  if (condition.includes('"')) return condition.trim() === etag;
  return timeOf(condition) === seconds(modifiedAt);
}

/** The first and the last byte, both included; `whole` where the header does not count; null where nothing lies in it. */
export type Selection = { readonly first: number; readonly last: number } | 'whole' | null;

/**
 * Of several ranges none counts, which the RFC allows: they cost a server much, as they may overlap, and players and
 * downloaders ask for one at a time.
 */
export function selectionOf(header: string | null, size: number): Selection {
  const [, from = '', to = ''] = /^bytes=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i.exec(header ?? '') ?? [];
  if (from === '' && to === '') return 'whole';
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? null : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  if (to !== '' && Number(to) < first) return 'whole';
  if (first >= size) return null;
  return { first, last: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
}

/** A date as HTTP writes it. */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** A list of tags, or `*`. What is no list of tags matches nothing. */
function matches(header: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (header.trim() === '*') return true;
  TAG.lastIndex = 0;
  for (let tag = TAG.exec(header); tag !== null; tag = TAG.exec(header)) {
    if (tag[2] === etag && (comparison === 'weak' || tag[1] === undefined)) return true;
    if (TAG.lastIndex >= header.length) break;
  }
  return false;
}

/** In seconds; null for what is no date, which then does not count. */
function timeOf(date: string): number | null {
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? null : seconds(ms);
}

function isBefore(time: number | null, { modifiedAt }: Validators): boolean {
  return time !== null && time < seconds(modifiedAt);
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
