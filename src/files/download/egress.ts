/**
 * Where the engine goes on behalf of its users: public addresses only, so that nobody reads through it what stands behind the
 * operator's walls. A name is resolved once, checked, and connected to at that very address, so that it cannot change in
 * between; every redirect is a new address.
 */
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import { DownloadFault } from './download-fault.ts';

export interface Egress {
  /** Networks that may be gone to although they are not public: addresses and CIDR ranges. */
  readonly allow: readonly string[];
  /** Networks that are never gone to, such as this machine's own public addresses. */
  readonly deny: readonly string[];
  /** Besides 80 and 443. */
  readonly ports: readonly number[] | 'any';
  /** True: every address and name may be gone to. For what the operator of the engine has chosen, and nobody else. */
  readonly inner?: boolean;
  /** In the place of the system's resolver. */
  readonly lookup?: LookupFunction;
}

/** Public by its number, but answered by the platform itself: Azure's wire server. */
const PLATFORM_ADDRESSES = ['168.63.129.16'];
/** IPv6 addresses that stand for IPv4 ones in ways of their own: the compatible form, and translation inside a network. */
const EMBEDDED_ADDRESSES = ['::/96', '64:ff9b:1::/48'];
const MAX_URL_CHARACTERS = 2_048;
const WEB_PORTS = [80, 443];
/** Names that mean something only inside a network. */
const INNER_NAMES =
  /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|private|localdomain|test|invalid|onion|home\.arpa)$/;

/** The address if it may be fetched from, as far as it can be told without resolving its name. Throws a `DownloadFault`. */
export function checkedUrl(text: string, egress: Egress, base?: URL): URL {
  if (text.length > MAX_URL_CHARACTERS) throw new DownloadFault('bad-url', 'the address is too long');
  const url = URL.parse(text, base);
  if (url === null) throw new DownloadFault('bad-url', 'this is no address');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new DownloadFault('bad-url', 'only http and https addresses are fetched');
  }
  if (url.username !== '' || url.password !== '') {
    throw new DownloadFault('bad-url', 'an address with a name or a password is not fetched');
  }
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (egress.ports !== 'any' && !WEB_PORTS.includes(port) && !egress.ports.includes(port)) {
    throw new DownloadFault('bad-url', `port ${port} is not fetched from`);
  }
  checkHost(url.hostname, egress);
  url.hash = '';
  return url;
}

function checkHost(hostname: string, egress: Egress): void {
  if (egress.inner === true) return;
  const literal = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  if (ipaddr.isValid(literal)) {
    if (!isOpen(literal, egress)) throw forbidden();
    return;
  }
  const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
  if (!name.includes('.') || INNER_NAMES.test(name)) throw forbidden();
}

/** Whether the address may be connected to. Mapped and translated forms count as what they stand for. */
export function isOpen(address: string, egress: Egress): boolean {
  if (egress.inner === true) return true;
  const parsed = ipaddr.process(address);
  const within = (networks: readonly string[]): boolean => networks.some((network) => contains(network, parsed));
  if (within(egress.deny) || within(PLATFORM_ADDRESSES)) return false;
  return (parsed.range() === 'unicast' && !within(EMBEDDED_ADDRESSES)) || within(egress.allow);
}

function contains(network: string, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  const [base, bits] = network.includes('/')
    ? ipaddr.parseCIDR(network)
    : ([ipaddr.process(network), ipaddr.process(network).kind() === 'ipv4' ? 32 : 128] as const);
  return base.kind() === address.kind() && address.match(base, bits);
}

export function forbidden(cause?: unknown): DownloadFault {
  return new DownloadFault('forbidden-address', 'the address is not a public one', { cause });
}

/** A fresh agent for one connection: it checks what the name resolves to within the lookup whose answer it connects to. */
export function agentFor(url: URL, egress: Egress): RequestFilteringHttpAgent | RequestFilteringHttpsAgent {
  const options = {
    keepAlive: false,
    allowPrivateIPAddress: egress.inner === true,
    allowMetaIPAddress: egress.inner === true,
    allowIPAddressList: [...egress.allow],
    denyIPAddressList: egress.inner === true ? [] : [...egress.deny, ...PLATFORM_ADDRESSES],
  };
  return url.protocol === 'https:' ? new RequestFilteringHttpsAgent(options) : new RequestFilteringHttpAgent(options);
}

/** The resolver that the agent asks: what is not open is not handed to it, so that both have to agree. */
export function checkedLookup(egress: Egress, systemLookup: LookupFunction): LookupFunction {
  const lookup = egress.lookup ?? systemLookup;
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, address, family) => {
      if (error !== null) return callback(error, address, family);
      const addresses = Array.isArray(address) ? address.map((each) => each.address) : [address];
      if (addresses.length > 0 && addresses.every((each) => isOpen(each, egress)))
        return callback(null, address, family);
      callback(Object.assign(forbidden(), { code: 'EFORBIDDEN' }), address, family);
    });
  };
}
