/** Columns that compare by byte come as bytes; those of the records are UTF-8. */

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export function text(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
