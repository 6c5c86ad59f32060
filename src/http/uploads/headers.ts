/** What the headers of upload requests say, read strictly: a refusal names the header. */
import { type Fault, fault } from '../../protocol/faults.ts';
import type { WantedHash } from '../../storage/ports/upload-journal.ts';

/** A header that is not what the protocol says. */
export class HeaderFault extends Error {
  readonly fault: Fault;

  constructor(message: string) {
    super(message);
    this.fault = fault('invalid', message);
  }
}

/** A whole number of bytes; null where the header is absent. */
export function bytesOf(headers: Headers, name: string): number | null {
  const text = headers.get(name);
  if (text === null) return null;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new HeaderFault(`${name}: a whole number of bytes`);
  return value;
}

/** How many bytes the body has; null where it does not say, as when it is chunked. 0 where there is none. */
export function bodyBytes(request: Request): number | null {
  const said = bytesOf(request.headers, 'Content-Length');
  if (said !== null) return said;
  return request.headers.has('Transfer-Encoding') ? null : 0;
}

const MAX_METADATA_BYTES = 8 * 1024;
const MAX_PAIRS = 64;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Visible ASCII without the comma. */
const KEY = /^[\x21-\x2b\x2d-\x7e]+$/;

/** `Upload-Metadata`: pairs of a key and a base64 value, which may be left out. */
export function metadataOf(header: string | null): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  if (header === null || header.trim() === '') return pairs;
  if (header.length > MAX_METADATA_BYTES) throw new HeaderFault(`Upload-Metadata: at most ${MAX_METADATA_BYTES} bytes`);
  for (const pair of header.split(',')) {
    const [key = '', value = '', ...rest] = pair.trim().split(' ');
    if (!KEY.test(key) || rest.length > 0 || !BASE64.test(value)) {
      throw new HeaderFault('Upload-Metadata: pairs of a key, a blank and a base64 value, with commas between them');
    }
    if (pairs.has(key)) throw new HeaderFault(`Upload-Metadata: ${key} is there twice`);
    pairs.set(key, Buffer.from(value, 'base64').toString('utf8'));
  }
  if (pairs.size > MAX_PAIRS) throw new HeaderFault(`Upload-Metadata: at most ${MAX_PAIRS} pairs`);
  return pairs;
}

const WANTED: readonly WantedHash[] = ['md5', 'sha1', 'crc32', 'crc64'];

/** Metadata `sha256`: what the whole has to be. */
export function promisedHash(metadata: ReadonlyMap<string, string>): string | null {
  const sha256 = metadata.get('sha256');
  if (sha256 === undefined) return null;
  if (!/^[0-9a-fA-F]{64}$/.test(sha256)) throw new HeaderFault('Upload-Metadata: sha256 is 64 hex digits');
  return sha256.toLowerCase();
}

/** Metadata `hashes`: a comma list of what the client wants to know besides. */
export function wantedHashes(metadata: ReadonlyMap<string, string>): readonly WantedHash[] {
  const names = (metadata.get('hashes') ?? '').split(',').map((name) => name.trim());
  const unknown = names.find((name) => name !== '' && !WANTED.some((wanted) => wanted === name));
  if (unknown !== undefined) throw new HeaderFault(`Upload-Metadata: hashes are of ${WANTED.join(', ')}`);
  return WANTED.filter((wanted) => names.includes(wanted));
}

export type Concat = { readonly kind: 'partial' } | { readonly kind: 'final'; readonly parts: readonly string[] };

const MAX_PARTS = 1_000;
const UPLOAD_PATH = /^\/v1\/uploads\/([A-Za-z0-9_-]{1,64})\/?$/;

/** `Upload-Concat`: null where it is absent. Parts are named by their addresses, with or without a host. */
export function concatOf(header: string | null): Concat | null {
  if (header === null) return null;
  if (header === 'partial') return { kind: 'partial' };
  if (!header.startsWith('final;'))
    throw new HeaderFault('Upload-Concat: partial, or final; and the addresses of parts');
  const addresses = header.slice('final;'.length).trim().split(/ +/);
  if (addresses.length > MAX_PARTS) throw new HeaderFault(`Upload-Concat: at most ${MAX_PARTS} parts`);
  return { kind: 'final', parts: addresses.map(uploadIdOf) };
}

function uploadIdOf(address: string): string {
  const url = URL.parse(address, 'http://here');
  const id = url === null ? undefined : UPLOAD_PATH.exec(url.pathname)?.[1];
  if (id === undefined) throw new HeaderFault(`Upload-Concat: ${address.slice(0, 200)} is no address of an upload`);
  return id;
}

const MAX_NAME_LENGTH = 255;

/** A name that no file system and no header stumbles over: the last part of a path, without control characters. */
export function fileName(said: string | undefined): string {
  const last = (said ?? '').split(/[/\\]/).at(-1) ?? '';
  const clean = [...last.normalize('NFC')].filter((character) => !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character));
  const name = clean.slice(0, MAX_NAME_LENGTH).join('').trim();
  return name === '' || name === '.' || name === '..' ? 'unnamed' : name;
}
