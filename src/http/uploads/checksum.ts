/** Checksums of what one request brings, as tus and RFC 9530 send them. */
import { crc32 } from 'node:zlib';
import { HeaderFault } from './headers.ts';

/** Compared when the last byte has passed. */
export interface Checksum {
  update(bytes: Uint8Array): void;
  matches(): boolean;
}

/** As `Tus-Checksum-Algorithm` announces them. */
export const TUS_ALGORITHMS = ['sha1', 'md5', 'sha256', 'crc32'] as const;

const DIGEST_BYTES = { sha1: 20, md5: 16, sha256: 32, crc32: 4, sha512: 64 } as const;

type Algorithm = keyof typeof DIGEST_BYTES;

/** `Upload-Checksum: sha1 BASE64`; null where it is absent. */
export function tusChecksum(header: string | null): Checksum | null {
  if (header === null) return null;
  const [name = '', value = '', ...rest] = header.split(' ');
  const algorithm = TUS_ALGORITHMS.find((known) => known === name);
  if (algorithm === undefined) throw new HeaderFault(`Upload-Checksum: one of ${TUS_ALGORITHMS.join(', ')}`);
  if (rest.length > 0) throw new HeaderFault('Upload-Checksum: an algorithm, a blank and a base64 value');
  return checksum('Upload-Checksum', algorithm, value);
}

const FIELD = /(sha-256|sha-512)=:([A-Za-z0-9+/=]*):/g;

/** `Content-Digest` and `Repr-Digest` by RFC 9530; null where there is none of an algorithm that is known here. */
export function contentDigest(header: string | null): Checksum | null {
  for (const [, name, value = ''] of (header ?? '').matchAll(FIELD)) {
    return checksum('Content-Digest', name === 'sha-512' ? 'sha512' : 'sha256', value);
  }
  return null;
}

/** The SHA-256 of the whole by `Repr-Digest`, in hex; null where it is not said. */
export function promisedDigest(header: string | null): string | null {
  for (const [, name, value = ''] of (header ?? '').matchAll(FIELD)) {
    if (name === 'sha-256') return digestBytes('Repr-Digest', 'sha256', value).toString('hex');
  }
  return null;
}

function digestBytes(header: string, algorithm: Algorithm, base64: string): Buffer {
  const wanted = Buffer.from(base64, 'base64');
  if (wanted.length !== DIGEST_BYTES[algorithm]) {
    throw new HeaderFault(`${header}: a ${algorithm} has ${DIGEST_BYTES[algorithm]} bytes, in base64`);
  }
  return wanted;
}

function checksum(header: string, algorithm: Algorithm, base64: string): Checksum {
  const wanted = digestBytes(header, algorithm, base64);
  if (algorithm === 'crc32') return crcChecksum(wanted);
  const hasher = new Bun.CryptoHasher(algorithm);
  return {
    update: (bytes) => void hasher.update(bytes),
    matches: () => hasher.digest().equals(wanted),
  };
}

/** Four bytes, the most significant one first. */
function crcChecksum(wanted: Buffer): Checksum {
  let crc = 0;
  return {
    update: (bytes) => {
      crc = crc32(bytes, crc);
    },
    matches: () => crc === wanted.readUInt32BE(),
  };
}
