/** How far a put of a file in parts has come, as its journal keeps it. */
import type { ObjectFacts } from '../ports/objects.ts';

export interface StoredPart {
  readonly etag: string;
  /** Of the bytes that were sent, hex. */
  readonly sha256: string;
}

export interface PutState {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
  readonly uploadId: string;
  readonly partBytes: number;
  /** By number. */
  readonly parts: Map<number, StoredPart>;
}

export function encodePutState(state: PutState): string {
  return JSON.stringify({ ...state, parts: [...state.parts] });
}

/** Null for what is no state, or one of another put: what it names is then left to be cleaned up by its age. */
export function decodePutState(text: string | null, key: string, facts: ObjectFacts): PutState | null {
  if (text === null) return null;
  const state = parsed(text);
  if (state === null || state.key !== key || state.size !== facts.size || state.sha256 !== facts.sha256) return null;
  const isWhole = typeof state.uploadId === 'string' && Number.isSafeInteger(state.partBytes) && state.partBytes > 0;
  return isWhole && Array.isArray(state.parts) ? { ...state, parts: new Map(state.parts) } : null;
}

type Written = Omit<PutState, 'parts'> & { readonly parts: [number, StoredPart][] };

function parsed(text: string): Written | null {
  try {
    return JSON.parse(text);
  } catch {
    // A journal of which only a part came to the disk.
    return null;
  }
}
