/** Any server that takes dynamic updates (RFC 2136), signed with TSIG (RFC 8945) or not: BIND, Knot, PowerDNS, Windows. */
import { randomInt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import { DnsConfigurationError, DnsError, TsigError, UpdateRefusedError } from '../../errors.ts';
import type { DnsProvider, ProviderEnvironment, TxtRecord } from '../../provider.ts';
import { tsigAlgorithmOf, type TsigKey } from '../../tsig.ts';
import { sendUpdate } from '../../update-exchange.ts';
import { credential, type SecretReference } from '../credential.ts';
import type { DescribedProviderType } from '../description.ts';
import { DnsProviderError, type DnsProviderErrorCode } from '../errors.ts';

export interface Rfc2136Config {
  nameserver: string;
  protocol?: 'TCP' | 'UDP';
  tsigAlgorithm?: string;
  tsigKeyName?: string;
  tsigSecretSecretRef?: SecretReference;
}

/** What of the machine it needs beside the environment of every provider. */
export interface Rfc2136Network {
  /** Uniform in [0, 65536), unpredictable. */
  randomId: () => number;
  /** An address of a host, as the system resolves it. */
  addressOf: (host: string) => Promise<string>;
}

const TTL = 60;

export function rfc2136Type(network: Rfc2136Network): DescribedProviderType<Rfc2136Config> {
  return {
    key: 'rfc2136',
    title: 'Dynamic updates (RFC 2136)',
    documentation: 'https://www.rfc-editor.org/rfc/rfc2136',
    inCluster: true,
    description: {
      fields: [
        { path: 'nameserver', required: true },
        { path: 'protocol', required: false },
        { path: 'tsigKeyName', required: false },
        { path: 'tsigSecretSecretRef', required: false },
        { path: 'tsigAlgorithm', required: false },
      ],
      credentials: ['TSIG key in a Secret, as base64', 'none: the server decides by address'],
      permissions: ['update-policy grant <key> name _acme-challenge.<domain>. TXT (BIND)'],
      testedAgainst: 'BIND 9',
    },
    secretReferences: ({ tsigSecretSecretRef }) =>
      tsigSecretSecretRef === undefined ? [] : [tsigSecretSecretRef],

    async create(config, environment): Promise<DnsProvider> {
      const { host, port } = nameserverOf(config.nameserver);
      const key = await keyOf(config, environment);
      const protocol = config.protocol ?? 'UDP';
      const clock = { now: () => environment.now(), after: timerOf(environment) };
      const change = async (
        action: 'add' | 'remove',
        record: TxtRecord,
        signal?: AbortSignal,
      ): Promise<void> => {
        const address = await addressOf(network, host);
        const server = { address, port, protocol, ...(key === undefined ? {} : { key }) };
        const { fqdn, zone, value } = record;
        try {
          await sendUpdate(
            { clock, randomId: network.randomId },
            server,
            { action, fqdn, zone, value, ttl: TTL },
            signal,
          );
        } catch (error) {
          signal?.throwIfAborted();
          if (!(error instanceof DnsError)) throw error;
          throw asProviderError(error, key);
        }
      };
      return {
        present: (record, signal) => change('add', record, signal),
        cleanUp: (record, signal) => change('remove', record, signal),
      };
    },
  };
}

export const rfc2136: DescribedProviderType<Rfc2136Config> = rfc2136Type({
  randomId: () => randomInt(65_536),
  addressOf: async (host) => (await lookup(host)).address,
});

/** `host`, `host:port`, `[v6]:port`, `[v6]` (acme.md §11). */
export function nameserverOf(text: string): { host: string; port: number } {
  if (isIP(text) !== 0) return { host: text, port: 53 };
  const match = /^(?:\[([0-9a-f:.%]+)\]|([a-z0-9_.-]+))(?::(\d{1,5}))?$/i.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? '53');
  if (host === '' || port < 1 || port > 65_535 || (match?.[1] !== undefined && isIP(host) !== 6))
    throw new DnsProviderError(
      'dns-provider/configuration',
      `rfc2136.nameserver ${JSON.stringify(text.slice(0, 100))} is not host, host:port or [IPv6 address]:port`,
    );
  return { host, port };
}

async function addressOf(network: Rfc2136Network, host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return await network.addressOf(host);
  } catch (error) {
    throw new DnsProviderError(
      'dns-provider/unavailable',
      `the system cannot resolve the name of the DNS server ${host}`,
      { cause: error },
    );
  }
}

async function keyOf(config: Rfc2136Config, environment: ProviderEnvironment): Promise<TsigKey | undefined> {
  const { tsigKeyName = '', tsigSecretSecretRef, tsigAlgorithm } = config;
  if (tsigKeyName === '' && tsigSecretSecretRef === undefined) return undefined;
  if (tsigKeyName === '' || tsigSecretSecretRef === undefined)
    throw new DnsProviderError(
      'dns-provider/configuration',
      'rfc2136.tsigKeyName and rfc2136.tsigSecretSecretRef belong together: set both, or none for updates without a signature',
    );
  const text = (await credential(environment, tsigSecretSecretRef, 'TSIG key')).replaceAll(/\s/gu, '');
  const secret = Buffer.from(text, 'base64');
  if (
    secret.length === 0 ||
    !/^[A-Za-z0-9+/]+={0,2}$/u.test(text) ||
    text.replaceAll('=', '').length % 4 === 1
  )
    throw new DnsProviderError(
      'dns-provider/credentials',
      `the TSIG key in Secret ${tsigSecretSecretRef.name}, entry ${tsigSecretSecretRef.key ?? '(none named)'}, is not base64; it has to be the text after "secret" in the server's key file`,
    );
  try {
    return {
      name: tsigKeyName,
      algorithm: tsigAlgorithmOf(
        tsigAlgorithm === undefined || tsigAlgorithm === '' ? 'HMACMD5' : tsigAlgorithm,
      ),
      secret,
    };
  } catch (error) {
    if (!(error instanceof DnsConfigurationError)) throw error;
    throw new DnsProviderError('dns-provider/configuration', error.message, { cause: error });
  }
}

function asProviderError(error: DnsError, key: TsigKey | undefined): DnsProviderError {
  const message = `DNS update failed: ${error.message}`;
  if (error instanceof TsigError)
    return new DnsProviderError('dns-provider/denied', message, { reason: error.word, cause: error });
  if (!(error instanceof UpdateRefusedError))
    return new DnsProviderError('dns-provider/unavailable', message, { cause: error });
  const { rcode } = error;
  return new DnsProviderError(
    codes[rcode] ?? 'dns-provider/refused',
    `DNS update failed. Server replied: ${rcode}: ${error.message}${remedy(rcode, key)}`,
    { reason: rcode, cause: error },
  );
}

const codes: Readonly<Record<string, DnsProviderErrorCode>> = {
  REFUSED: 'dns-provider/denied',
  NOTAUTH: 'dns-provider/zone-not-found',
  NOTZONE: 'dns-provider/zone-not-found',
  SERVFAIL: 'dns-provider/unavailable',
};

function remedy(rcode: string, key: TsigKey | undefined): string {
  switch (rcode) {
    case 'REFUSED':
      return key === undefined
        ? '; the server does not take updates without a signature from here: set tsigKeyName and tsigSecretSecretRef'
        : `; grant the key ${key.name} the name and the type TXT in the server's update policy`;
    case 'NOTAUTH':
      return '; the server is not authoritative for that zone, or has it in another view';
    case 'NOTZONE':
      return '; the name does not lie in that zone: do the recursive name servers see another one than this server?';
    default:
      return '';
  }
}

/** The environment's way to wait, as the timer that deadlines need. */
function timerOf(environment: ProviderEnvironment): (ms: number, task: () => void) => { cancel(): void } {
  return (ms, task) => {
    const stop = new AbortController();
    environment.wait(ms, stop.signal).then(task, () => undefined);
    return { cancel: () => stop.abort() };
  };
}
