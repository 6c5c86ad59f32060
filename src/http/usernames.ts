/** What a username may be made of. The schemas' patterns know no Unicode classes. */
const USERNAME_PATTERN = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._-]*$/u;

/** `name` in the normal form NFC. */
export function isUsername(name: string): boolean {
  return USERNAME_PATTERN.test(name);
}
