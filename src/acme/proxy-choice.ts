/** Which proxy a URL goes through, by the conventions of Go's net/http, which users of the peer have in their manifests. */
import { BlockList, isIP } from 'node:net';
import type { ProxySettings } from './create-client.ts';
import { AcmeConfigurationError } from './errors.ts';

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Answers the proxy's URL, or undefined for a direct connection. Loopback is never asked through a proxy. */
export type ProxyChoice = (url: URL) => string | undefined;

/** @throws AcmeConfigurationError for a proxy that is not http or https; the message never holds its password */
export function proxyChoice(settings: ProxySettings | undefined): ProxyChoice {
  const proxies: Readonly<Record<string, string | undefined>> = {
    'https:': checked(settings?.https, 'HTTPS_PROXY'),
    'http:': checked(settings?.http, 'HTTP_PROXY'),
  };
  const exceptions = (settings?.none ?? '')
    .split(/[,\s]+/u)
    .filter((entry) => entry !== '')
    .map(exception);
  return (url) => {
    const proxy = proxies[url.protocol];
    if (proxy === undefined) return undefined;
    const host = url.hostname
      .replace(/^\[(.*)\]$/u, '$1')
      .replace(/\.$/u, '')
      .toLowerCase();
    const port = url.port === '' ? (defaultPorts[url.protocol] ?? '') : url.port;
    if (host === 'localhost' || isLoopback(host)) return undefined;
    return exceptions.some((matches) => matches(host, port)) ? undefined : proxy;
  };
}

function checked(value: string | undefined, name: string): string | undefined {
  if (value === undefined || value === '') return undefined;
  // As curl and Go have it: a proxy without a scheme speaks HTTP.
  const text = value.includes('://') ? value : `http://${value}`;
  if (URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol)) return text;
  throw new AcmeConfigurationError(`${name} is no http or https proxy`);
}

type Exception = (host: string, port: string) => boolean;

/** `*`, `host`, `.suffix`, `*.suffix`, an address, a CIDR block; each but a block with an optional port. */
function exception(entry: string): Exception {
  if (entry === '*') return () => true;
  const [, network = '', bits = ''] = /^([0-9a-f.:]+)\/(\d{1,3})$/iu.exec(entry) ?? [];
  if (isIP(network) !== 0 && Number(bits) <= (isIP(network) === 4 ? 32 : 128)) {
    const block = new BlockList();
    const family = isIP(network) === 4 ? 'ipv4' : 'ipv6';
    block.addSubnet(network, Number(bits), family);
    return (host) => isIP(host) !== 0 && block.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
  }
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]+)\]|([^:]+|[0-9a-f:]+))(?::(\d{1,5}))?$/iu.exec(entry) ?? [];
  const name = (bracketed ?? plain ?? entry).toLowerCase().replace(/\.$/u, '');
  const isSuffix = name.startsWith('.') || name.startsWith('*.');
  const suffix = `.${name.replace(/^\*?\./u, '')}`;
  return (host, at) => {
    if (port !== undefined && port !== at) return false;
    return host.endsWith(suffix) || (!isSuffix && host === name);
  };
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
