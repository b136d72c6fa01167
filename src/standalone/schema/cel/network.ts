/** Kubernetes' URL, IP and CIDR libraries. */
import { BlockList, isIP } from 'node:net';
import { Optional, type Environment } from '@marcbachmann/cel-js';
import { isCidr } from '../formats.ts';
import { Format, Ip, Cidr, Url } from './library-types.ts';
import { isNamedFormat, namedFormats } from './named-formats.ts';
import { RuleError } from './rule-error.ts';

function isUrl(text: string): boolean {
  return text.length <= 8192 && (text.startsWith('/') ? URL.canParse(text, 'http://h') : URL.canParse(text));
}

function familyOf(text: string): 'ipv4' | 'ipv6' {
  return isIP(text) === 6 ? 'ipv6' : 'ipv4';
}

function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

function parseIp(text: string): Ip {
  if (!isAddress(text)) throw new RuleError(`${JSON.stringify(text.slice(0, 64))} is no IP address`);
  return new Ip(text);
}

function parseCidr(text: string): Cidr {
  if (!isCidr(text)) throw new RuleError(`${JSON.stringify(text.slice(0, 64))} is no CIDR`);
  const slash = text.lastIndexOf('/');
  return new Cidr(text.slice(0, slash), Number(text.slice(slash + 1)));
}

function holds(cidr: Cidr, address: string): boolean {
  if (familyOf(cidr.base) !== familyOf(address)) return false;
  const list = new BlockList();
  list.addSubnet(cidr.base, cidr.bits, familyOf(cidr.base));
  return list.check(address, familyOf(address));
}

function within(net: string, bits: number): (ip: Ip) => boolean {
  const cidr = new Cidr(net, bits);
  return (ip) => holds(cidr, ip.text);
}

function registerUrl(environment: Environment): void {
  environment
    .registerType('kubernetes.URL', Url)
    .registerFunction('isURL(string): bool', isUrl)
    .registerFunction('url(string): kubernetes.URL', (text: string) => {
      if (!isUrl(text)) throw new RuleError(`${JSON.stringify(text.slice(0, 64))} is no URL`);
      return new Url(text);
    })
    .registerFunction('kubernetes.URL.getScheme(): string', (url: Url) => url.scheme)
    .registerFunction('kubernetes.URL.getHost(): string', (url: Url) => url.url.host)
    .registerFunction('kubernetes.URL.getHostname(): string', (url: Url) =>
      url.url.hostname.replaceAll(/^\[|\]$/g, ''),
    )
    .registerFunction('kubernetes.URL.getPort(): string', (url: Url) => url.url.port)
    .registerFunction('kubernetes.URL.getEscapedPath(): string', (url: Url) => url.path)
    .registerFunction('kubernetes.URL.getQuery(): map', (url: Url) => {
      const query = new Map<string, string[]>();
      for (const [key, value] of url.url.searchParams) query.set(key, [...(query.get(key) ?? []), value]);
      return Object.fromEntries(query);
    });
}

export function registerNetwork(environment: Environment): void {
  registerUrl(environment);
  const loopback4 = within('127.0.0.0', 8);
  const linkLocal4 = within('169.254.0.0', 16);
  const linkLocal6 = within('fe80::', 10);
  const multicast4 = within('224.0.0.0', 4);
  const multicast6 = within('ff00::', 8);
  const isLoopback = (ip: Ip): boolean => loopback4(ip) || within('::1', 128)(ip);
  const isUnspecified = (ip: Ip): boolean => within('0.0.0.0', 32)(ip) || within('::', 128)(ip);
  environment
    .registerType('net.IP', Ip)
    .registerType('net.CIDR', Cidr)
    .registerFunction('isIP(string): bool', isAddress)
    .registerFunction('isCIDR(string): bool', isCidr)
    .registerFunction('ip(string): net.IP', parseIp)
    .registerFunction('cidr(string): net.CIDR', parseCidr)
    .registerFunction('net.IP.family(): int', (ip: Ip) => (familyOf(ip.text) === 'ipv6' ? 6n : 4n))
    .registerFunction('net.IP.isLoopback(): bool', isLoopback)
    .registerFunction('net.IP.isUnspecified(): bool', isUnspecified)
    .registerFunction('net.IP.isLinkLocalUnicast(): bool', (ip: Ip) => linkLocal4(ip) || linkLocal6(ip))
    .registerFunction(
      'net.IP.isGlobalUnicast(): bool',
      (ip: Ip) =>
        ![isLoopback, isUnspecified, linkLocal4, linkLocal6, multicast4, multicast6].some((check) =>
          check(ip),
        ) && ip.text !== '255.255.255.255',
    )
    .registerFunction('net.CIDR.containsIP(string): bool', (cidr: Cidr, text: string) =>
      holds(cidr, parseIp(text).text),
    )
    .registerFunction('net.CIDR.containsIP(net.IP): bool', (cidr: Cidr, ip: Ip) => holds(cidr, ip.text))
    .registerFunction('net.CIDR.containsCIDR(string): bool', (cidr: Cidr, text: string) => {
      const other = parseCidr(text);
      return other.bits >= cidr.bits && holds(cidr, other.base);
    })
    .registerFunction('net.CIDR.prefixLength(): int', (cidr: Cidr) => BigInt(cidr.bits))
    .registerFunction('net.CIDR.ip(): net.IP', (cidr: Cidr) => new Ip(cidr.base))
    .registerType('kubernetes.NamedFormat', Format)
    .registerFunction('kubernetes.NamedFormat.validate(string): optional', (format: Format, text: string) =>
      format.validate(isNamedFormat(text, format.name)),
    );
  environment.registerType('kubernetes.FormatLibrary', FormatLibrary);
  environment.registerConstant('format', 'kubernetes.FormatLibrary', new FormatLibrary());
  environment.registerFunction(
    'kubernetes.FormatLibrary.named(string): optional',
    (_: FormatLibrary, name: string) =>
      namedFormats.includes(name) ? Optional.of(new Format(name)) : Optional.none(),
  );
  for (const name of namedFormats) {
    environment.registerFunction(
      `kubernetes.FormatLibrary.${name}(): kubernetes.NamedFormat`,
      () => new Format(name),
    );
  }
}

class FormatLibrary {
  readonly library = 'format';
}
