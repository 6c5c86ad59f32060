import { describe, expect, test } from 'bun:test';
import { clientAddress, trustedNetworks } from './client-address.ts';

const proxies = trustedNetworks(['10.0.0.0/8', '::1']);

describe('client address', () => {
  test('[HTTP1] a stranger’s X-Forwarded-For counts for nothing', () => {
    expect(clientAddress('192.0.2.7', '203.0.113.9', proxies)).toBe('192.0.2.7');
  });

  test('[HTTP1] behind trusted proxies the nearest address that is none of them counts', () => {
    expect(clientAddress('10.1.1.1', '198.51.100.1, 203.0.113.9, 10.2.2.2', proxies)).toBe('203.0.113.9');
    expect(clientAddress('::ffff:10.1.1.1', '203.0.113.9', proxies)).toBe('203.0.113.9');
  });

  test('[HTTP1] what a proxy passes on that is no address ends the chain', () => {
    expect(clientAddress('10.1.1.1', 'unknown', proxies)).toBe('10.1.1.1');
    expect(clientAddress('::1', null, proxies)).toBe('::1');
  });
});
