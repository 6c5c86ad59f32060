/** Answers that many routes give. */

export function json(status: number, body: unknown): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } });
}

export function noContent(): Response {
  return new Response(null, { status: 204 });
}
