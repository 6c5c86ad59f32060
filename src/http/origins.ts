/** Origins: which pages may use the API and open sockets. The own one always; others only where they are configured. */

export interface OriginGuard {
  /** Whether this request comes from no page, from an own page, or from one that is allowed. */
  admits(request: Request): boolean;
  /** Answers a preflight; undefined where the request is none. */
  preflight(request: Request): Response | undefined;
  /** Adds the headers that let the page read the answer. */
  allow(request: Request, response: unknown): void;
}

export function originGuard(allowed: readonly string[]): OriginGuard {
  const known = new Set(allowed);
  const listed = (request: Request): string | undefined => {
    const origin = request.headers.get('origin');
    return origin !== null && known.has(origin) ? origin : undefined;
  };
  return {
    admits: (request) => {
      const origin = request.headers.get('origin');
      return origin === null || known.has(origin) || isOwn(origin, request);
    },
    preflight: (request) => {
      const isPreflight = request.method === 'OPTIONS' && request.headers.has('access-control-request-method');
      if (!isPreflight) return undefined;
      const origin = listed(request);
      return new Response(null, {
        status: origin === undefined ? 403 : 204,
        headers: origin === undefined ? {} : preflightHeaders(origin),
      });
    },
    allow: (request, response) => {
      const origin = listed(request);
      if (origin === undefined || !(response instanceof Response)) return;
      response.headers.set('access-control-allow-origin', origin);
      response.headers.append('vary', 'Origin');
    },
  };
}

/** Those of resumable uploads and conditional reads are no simple ones. */
const ALLOWED_HEADERS = [
  'authorization, content-type, content-disposition, range, if-range, if-match, if-none-match, x-requested-with',
  'x-http-method-override, tus-resumable, upload-length, upload-defer-length, upload-offset, upload-metadata',
  'upload-concat, upload-checksum, upload-complete, upload-draft-interop-version, content-digest, repr-digest',
].join(', ');

function preflightHeaders(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE',
    'access-control-allow-headers': ALLOWED_HEADERS,
    'access-control-max-age': '600',
    vary: 'Origin',
  };
}

/** A page's own origin has the host that it asks for. */
function isOwn(origin: string, request: Request): boolean {
  try {
    return new URL(origin).host === request.headers.get('host');
  } catch {
    return false;
  }
}
