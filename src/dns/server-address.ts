/** Addresses of DNS servers as flags, issuers and resolv.conf write them. */
import { isIP } from 'node:net';
import { DnsConfigurationError } from './errors.ts';

export type ServerAddress = { kind: 'plain'; address: string; port: number } | { kind: 'https'; url: string };

/** `ip:port`, `[ip]:port` or `https://…` (acme.md §1.3). Throws DnsConfigurationError. */
export function parseServerAddress(text: string): ServerAddress {
  if (/^https:/i.test(text)) return { kind: 'https', url: httpsUrl(text) };
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const address = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  if (isIP(address) === 0 || port < 1 || port > 65_535)
    throw new DnsConfigurationError(
      `the name server ${JSON.stringify(text.slice(0, 100))} must be in the format <ip address>:<port> or https://<DoH RFC 8484 server address>`,
    );
  return { kind: 'plain', address, port };
}

/** `name:port`, as operators name the Service of a DNS server; undefined for everything else, addresses included. */
export function namedServer(text: string): { host: string; port: number } | undefined {
  const [, host = '', digits = ''] =
    /^([A-Za-z0-9_](?:[-A-Za-z0-9_.]{0,251}[A-Za-z0-9_.])?):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  return isIP(host) !== 0 || port < 1 || port > 65_535 ? undefined : { host, port };
}

function httpsUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '' || url.username !== '' || url.password !== '')
    throw new DnsConfigurationError(
      `the name server ${JSON.stringify(text.slice(0, 100))} must be in the format https://<DoH RFC 8484 server address>, without user and password`,
    );
  return url.href;
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`. */
export function formatServerAddress(address: string, port: number): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What the peer uses when the machine names none (acme.md §1.3). */
export const fallbackNameservers: readonly string[] = ['8.8.8.8:53', '8.8.4.4:53'];

/** glibc reads three; more only make a dead network slower. */
const mostSystemServers = 3;

/** The servers that a resolv.conf(5) names, each with port 53; the fallback when it names none. */
export function nameserversOf(resolvConf: string): readonly string[] {
  const servers: string[] = [];
  for (const line of resolvConf.split('\n')) {
    const [keyword, address = ''] = line.trim().split(/\s+/);
    if (keyword !== 'nameserver') continue;
    // A zone index (fe80::1%eth0) is part of the address where the system gives one.
    const [bare = ''] = address.split('%');
    if (isIP(bare) !== 0) servers.push(formatServerAddress(address, 53));
  }
  return servers.length === 0 ? fallbackNameservers : servers.slice(0, mostSystemServers);
}
