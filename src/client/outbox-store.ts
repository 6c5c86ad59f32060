/** A post that no answer has settled yet, as it is kept across reloads. */
export interface StoredPost {
  readonly nonce: string;
  readonly room: string;
  /** The encoded body, exactly as it goes over the wire. */
  readonly body: Uint8Array;
  readonly replyTo?: number;
  readonly mentions?: readonly string[];
  readonly mentionAll?: boolean;
  readonly files?: readonly string[];
  /** When it was written, in milliseconds since the epoch. Posts of one room are sent in this order. */
  readonly queuedAt: number;
}

/**
 * Keeps unsent posts across reloads.
 *
 * Details: a post is put before it is first sent and removed once it is acknowledged or rejected for good. Several tabs may share one store:
 * what two of them send twice carries one nonce, which the server answers with one `seq`.
 */
export interface OutboxStore {
  load(): readonly StoredPost[] | Promise<readonly StoredPost[]>;
  put(post: StoredPost): void;
  remove(nonce: string): void;
}

/** The part of `Storage` that the store below uses. */
export interface KeyValueStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/**
 * An outbox in `localStorage`, one key a post.
 *
 * @param prefix - begins every key; it should name the user, so that one user's posts never go out as another's.
 */
export function localStorageOutbox(storage: KeyValueStorage, prefix: string): OutboxStore {
  return {
    load: () => {
      const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index));
      return keys
        .flatMap((key) => (key?.startsWith(prefix) ? decode(storage.getItem(key)) : []))
        .sort((a, b) => a.queuedAt - b.queuedAt);
    },
    put: (post) => storage.setItem(prefix + post.nonce, encode(post)),
    remove: (nonce) => storage.removeItem(prefix + nonce),
  };
}

function encode(post: StoredPost): string {
  return JSON.stringify({ ...post, body: btoa(binary(post.body)) });
}

function decode(text: string | null): StoredPost[] {
  if (text === null) return [];
  const post: unknown = JSON.parse(text);
  return isStored(post) ? [{ ...post, body: Uint8Array.from(atob(post.body), (char) => char.charCodeAt(0)) }] : [];
}

function isStored(value: unknown): value is Omit<StoredPost, 'body'> & { readonly body: string } {
  if (typeof value !== 'object' || value === null) return false;
  const post = value as Record<string, unknown>;
  return (
    typeof post.nonce === 'string' &&
    typeof post.room === 'string' &&
    typeof post.body === 'string' &&
    typeof post.queuedAt === 'number'
  );
}

// A spread of 64 KiB into `fromCharCode` can pass the engine's limit of arguments, so the bytes go one by one.
function binary(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
