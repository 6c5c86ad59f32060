/** Bodies that do not tell their length: read up to a bound before anybody parses them, as the transport has none. */

/** Whether the body may be of any length, as it is not said. */
export function hidesLength(request: Request): boolean {
  return request.body !== null && !request.headers.has('content-length');
}

/** The same request with its body read; null where that is over the bound. */
export async function withBoundedBody(request: Request, maxBytes: number): Promise<Request | null> {
  const reader = (request.body ?? new Blob().stream()).getReader();
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (bytes > maxBytes) {
      await reader.cancel();
      return null;
    }
    pieces.push(value);
  }
  const { url, method, headers } = request;
  return new Request(url, { method, headers, body: Buffer.concat(pieces) });
}
