/** Tokens: `USER.SECRET`. The user's id in front says which actor decides; the secret alone is what is proven. */

const TOKEN = /^([A-Za-z0-9_-]{1,64})\.[A-Za-z0-9_-]{16,256}$/;

/** The user that the token claims to be of; undefined if it is no token. */
export function userIdOfToken(token: string): string | undefined {
  return TOKEN.exec(token)?.[1];
}
