/**
 * A word filter as a hook: checks the signature, looks at the text, and asks the engine to take bad messages back.
 *
 *     HOOK_SECRET=… bun examples/hook-receiver/receiver.ts
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

const secret = process.env.HOOK_SECRET ?? '';
const port = Number(process.env.HOOK_PORT ?? 8090);
const MAX_AGE_MS = 5 * 60_000;
const BAD_WORDS = /\bbadword\b/i;
/** Events come at least once. A real receiver keeps the ids of a day where its restarts do not lose them. */
const seen = new Set<string>();

function isGenuine(headers: Headers, body: string): boolean {
  const timestamp = headers.get('mailroom-timestamp') ?? '';
  if (!(Math.abs(Date.now() - Number(timestamp)) < MAX_AGE_MS)) return false;
  const wanted = Buffer.from(`v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`);
  const given = Buffer.from(headers.get('mailroom-signature') ?? '');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

if (secret === '') throw new Error('HOOK_SECRET: the secret that POST /v1/admin/hooks has answered with');

const server = Bun.serve({
  port,
  hostname: '127.0.0.1',
  async fetch(request) {
    const body = await request.text();
    if (!isGenuine(request.headers, body)) return new Response(null, { status: 401 });
    const { id, message } = JSON.parse(body) as { id: string; message: { from: string; text?: string } };
    const recall = BAD_WORDS.test(message.text ?? '');
    if (!seen.has(id)) console.log(`${message.from}: ${message.text ?? '(no text)'}${recall ? ' (taken back)' : ''}`);
    seen.add(id);
    return Response.json({ recall });
  },
});
console.log(`listening on ${server.url}`);
