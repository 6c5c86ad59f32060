import { describe, expect, test } from 'bun:test';
import { originGuard } from './origins.ts';

const guard = originGuard(['https://app.example']);
const request = (headers: Record<string, string>, method = 'GET') =>
  new Request('http://chat.example/v1/ws', { method, headers: { host: 'chat.example', ...headers } });

describe('origins', () => {
  test('[HTTP3] no origin, the own one and allowed ones may connect; others may not', () => {
    expect(guard.admits(request({}))).toBe(true);
    expect(guard.admits(request({ origin: 'https://chat.example' }))).toBe(true);
    expect(guard.admits(request({ origin: 'https://app.example' }))).toBe(true);
    expect(guard.admits(request({ origin: 'https://evil.example' }))).toBe(false);
    expect(guard.admits(request({ origin: 'null' }))).toBe(false);
  });

  test('[HTTP3] a preflight is answered for allowed origins only', () => {
    const preflight = (origin: string) =>
      guard.preflight(request({ origin, 'access-control-request-method': 'POST' }, 'OPTIONS'));
    expect(preflight('https://app.example')?.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(preflight('https://evil.example')?.status).toBe(403);
    expect(guard.preflight(request({}, 'OPTIONS'))).toBeUndefined();
  });

  test('[HTTP3] only allowed origins may read an answer', () => {
    const response = new Response();
    guard.allow(request({ origin: 'https://evil.example' }), response);
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
    guard.allow(request({ origin: 'https://app.example' }), response);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
  });
});
