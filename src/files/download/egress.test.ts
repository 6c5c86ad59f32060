import { describe, expect, test } from 'bun:test';
import { DownloadFault } from './download-fault.ts';
import { checkedUrl, type Egress, isOpen } from './egress.ts';

const PUBLIC: Egress = { allow: [], deny: ['203.0.114.0/24', '2a00:1450::7'], ports: [8443] };

const HOSTILE = {
  'loopback by name': 'http://localhost/',
  'loopback by a longer name': 'http://a.localhost/',
  'loopback with a dot': 'http://localhost./',
  loopback: 'http://127.0.0.1/',
  'another loopback': 'http://127.255.255.254/',
  'loopback shortened': 'http://127.1/',
  'loopback as a number': 'http://2130706433/',
  'loopback in octal': 'http://0177.0.0.1/',
  'loopback in hexadecimal': 'http://0x7f.0.0.1/',
  'loopback in one hexadecimal number': 'http://0x7f000001/',
  'loopback in circled digits': 'http://①②⑦.⓪.⓪.①/',
  'loopback in full-width digits': 'http://１２７.0.0.1/',
  'nothing in particular': 'http://0.0.0.0/',
  zero: 'http://0/',
  'this network': 'http://0.1.2.3/',
  'private, class A': 'http://10.0.0.1/',
  'private, class B': 'http://172.16.0.1/',
  'private, end of class B': 'http://172.31.255.255/',
  'private, class C': 'http://192.168.1.1/',
  'carrier-grade translation': 'http://100.64.0.1/',
  'metadata of Alibaba': 'http://100.100.100.200/latest/meta-data/',
  'metadata of most clouds': 'http://169.254.169.254/latest/meta-data/',
  'metadata as a number': 'http://2852039166/',
  'metadata mapped': 'http://[::ffff:169.254.169.254]/',
  'metadata mapped in hexadecimal': 'http://[::ffff:a9fe:a9fe]/',
  'metadata of Azure': 'http://168.63.129.16/',
  'metadata of Azure mapped': 'http://[::ffff:168.63.129.16]/',
  'metadata of Amazon over IPv6': 'http://[fd00:ec2::254]/',
  'metadata by name': 'http://metadata.google.internal/',
  'IPv6 loopback': 'http://[::1]/',
  'IPv6 loopback in full': 'http://[0:0:0:0:0:0:0:1]/',
  'IPv6 nothing': 'http://[::]/',
  'loopback mapped': 'http://[::ffff:127.0.0.1]/',
  'loopback compatible': 'http://[::127.0.0.1]/',
  'loopback translated inside a network': 'http://[64:ff9b:1::7f00:1]/',
  'loopback translated': 'http://[64:ff9b::7f00:1]/',
  'private translated': 'http://[64:ff9b::a00:1]/',
  'private in 6to4': 'http://[2002:a00:1::]/',
  Teredo: 'http://[2001:0:53aa:64c::]/',
  'unique local': 'http://[fd12:3456::1]/',
  'link local': 'http://[fe80::1]/',
  'link local with a zone': 'http://[fe80::1%25eth0]/',
  'IPv6 multicast': 'http://[ff02::1]/',
  documentation: 'http://[2001:db8::1]/',
  multicast: 'http://224.0.0.1/',
  broadcast: 'http://255.255.255.255/',
  'for tests': 'http://198.18.0.1/',
  'for documentation': 'http://192.0.2.1/',
  reserved: 'http://240.0.0.1/',
  'the machine itself': 'http://203.0.114.9/',
  'the machine itself over IPv6': 'http://[2a00:1450::7]/',
  'a name without a dot': 'http://router/',
  'a name of the network': 'http://printer.local/',
  'a name of a cluster': 'http://mysql.default.svc.cluster.local/',
  'a file': 'file:///etc/passwd',
  'another scheme': 'gopher://example.com/_x',
  data: 'data:text/plain,hello',
  'a blob': 'blob:http://example.com/1',
  ftp: 'ftp://example.com/x',
  'a name and a password': 'http://user:secret@example.com/',
  'a name that looks like a host': 'http://example.com@127.0.0.1/',
  'a port of something else': 'http://example.com:6379/',
  SSH: 'http://example.com:22/',
  nothing: '',
  'no address': 'example.com/x',
  'no host': 'http:///x',
  'a very long one': `http://example.com/${'a'.repeat(3_000)}`,
} as const;

describe('where downloads may go', () => {
  for (const [what, address] of Object.entries(HOSTILE)) {
    test(`[DLD1] ${what} is refused`, () => {
      expect(() => checkedUrl(address, PUBLIC)).toThrow(DownloadFault);
    });
  }

  for (const address of [
    'http://example.com/a?b=c',
    'https://example.com/',
    'https://example.com:8443/x',
    'http://93.184.216.34/',
    'http://[2606:2800:220:1:248:1893:25c8:1946]/',
    'https://bücher.example/',
  ]) {
    test(`[DLD2] ${address} is let through`, () => {
      expect(checkedUrl(address, PUBLIC).protocol).toMatch(/^https?:$/);
    });
  }

  test('[DLD3] an operator opens single networks, and closes others even where they are open', () => {
    const egress: Egress = { allow: ['10.1.0.0/16', 'fd00::/8', '127.0.0.1'], deny: ['10.1.2.0/24'], ports: [] };
    const open = ['10.1.0.1', 'fd00::1', '127.0.0.1', '::ffff:10.1.0.1', '8.8.8.8'];
    const closed = ['10.1.2.3', '10.2.0.1', '127.0.0.2', 'fc00::1', '::ffff:10.1.2.3'];
    expect(open.filter((address) => !isOpen(address, egress))).toEqual([]);
    expect(closed.filter((address) => isOpen(address, egress))).toEqual([]);
  });
});
