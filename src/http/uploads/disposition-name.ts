/** The file's name in a `Content-Disposition` (RFC 6266): the extended form first, then the quoted or plain one. */

const EXTENDED = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i;
const QUOTED = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i;
const PLAIN = /;\s*filename\s*=\s*([^";\s]+)/i;

/** Undefined where there is none that can be read. */
export function dispositionName(header: string | null): string | undefined {
  if (header === null) return undefined;
  const extended = decoded(EXTENDED.exec(header)?.[1]);
  if (extended !== undefined) return extended;
  const quoted = QUOTED.exec(header)?.[1];
  return quoted === undefined ? PLAIN.exec(header)?.[1] : quoted.replace(/\\(.)/g, '$1');
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
