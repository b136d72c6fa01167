/** `certwright acme dns-persist-record`: prints the TXT records of dns-persist-01, and looks whether they are there. */
import { systemClock } from '../../kube/clock.ts';
import { DnsError } from '../../dns/errors.ts';
import { absoluteName } from '../../dns/names.ts';
import { checkPropagation, type Propagation } from '../../dns/propagation.ts';
import { parseServerAddress } from '../../dns/server-address.ts';
import {
  formatPersistRecord,
  judgePersistRecord,
  persistRecordLine,
  persistRecordName,
  type PersistRecord,
} from '../../solvers/dns-persist01/record.ts';
import { exitCodes, UsageError } from '../errors.ts';
import { oneOf } from '../option-values.ts';
import type { Surroundings } from '../program.ts';
import { createDnsParts } from './dns-parts.ts';

export interface DnsPersistFlags {
  accountUri: string;
  issuerDomainName: string;
  wildcard?: boolean;
  persistUntil?: string;
  verify?: boolean;
  nameservers?: string;
  output: string;
}

interface Wanted {
  domain: string;
  record: PersistRecord;
}

/** Resolves to the exit code: 1 when a record that was to be verified is not there. */
export async function dnsPersistRecord(
  names: readonly string[],
  flags: DnsPersistFlags,
  { env, out, signal }: Pick<Surroundings, 'env' | 'out' | 'signal'>,
): Promise<number> {
  const format = oneOf('--output', flags.output, ['text', 'json']);
  const now = systemClock.now();
  const wanted = names.map((name) => wantedRecord(name, flags, now));
  const servers = nameserversOf(flags.nameservers);
  const found =
    flags.verify === true ? await verify(wanted, { servers, now, env, signal }) : wanted.map(() => undefined);
  if (format === 'json') {
    const records = wanted.map(({ domain, record }, index) => ({
      name: persistRecordName(domain),
      type: 'TXT',
      value: formatPersistRecord(record),
      ...(found[index] === undefined ? {} : { verified: found[index].passed, views: found[index].views }),
    }));
    out(`${JSON.stringify(records, undefined, 2)}\n`);
  } else {
    for (const [index, { domain, record }] of wanted.entries()) {
      out(`${persistRecordLine(domain, record)}\n`);
      for (const { view, passed, answer } of found[index]?.views ?? [])
        out(`  ${passed ? 'seen' : 'NOT SEEN'} at ${view}: ${answer}\n`);
      if (found[index]?.passed === false && found[index].views.length === 0)
        out(`  NOT SEEN: ${found[index].problem}\n`);
    }
  }
  return found.every((one) => one?.passed !== false) ? exitCodes.ok : exitCodes.failed;
}

function wantedRecord(name: string, flags: DnsPersistFlags, now: number): Wanted {
  const isWildcard = name.startsWith('*.');
  const domain = checkedName('the name', isWildcard ? name.slice(2) : name);
  const url = URL.parse(flags.accountUri);
  if (url?.protocol !== 'https:' || !/^[\u0021-\u003a\u003c-\u007e]+$/u.test(flags.accountUri))
    throw new UsageError(
      '--account-uri',
      flags.accountUri,
      'write the https URL of the ACME account, as status.acme.uri of the issuer has it',
    );
  const persistUntil = flags.persistUntil === undefined ? undefined : secondsOf(flags.persistUntil);
  if (persistUntil !== undefined && persistUntil * 1000 <= now)
    throw new UsageError(
      '--persist-until',
      flags.persistUntil ?? '',
      'lies in the past: such a record counts for nothing',
    );
  return {
    domain,
    record: {
      issuerDomainName: checkedName('--issuer-domain-name', flags.issuerDomainName),
      accountUri: flags.accountUri,
      wildcard: isWildcard || flags.wildcard === true,
      ...(persistUntil === undefined ? {} : { persistUntil }),
    },
  };
}

/** Without the final dot. */
function checkedName(flag: string, text: string): string {
  try {
    return absoluteName(text).slice(0, -1);
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    throw new UsageError(flag, text, error.message);
  }
}

function secondsOf(text: string): number {
  const seconds = /^\d{1,15}$/u.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000);
  if (Number.isFinite(seconds)) return seconds;
  throw new UsageError(
    '--persist-until',
    text,
    'write a date such as 2027-11-22 or 2027-11-22T07:00:00Z, or seconds since 1970',
  );
}

function nameserversOf(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const servers = text.split(',').map((server) => server.trim());
  for (const server of servers) {
    try {
      parseServerAddress(server);
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
      throw new UsageError(
        '--nameservers',
        server,
        'write <ip address>:<port> or https://<DoH RFC 8484 server address>',
      );
    }
  }
  return servers;
}

async function verify(
  wanted: readonly Wanted[],
  options: {
    servers: readonly string[] | undefined;
    now: number;
    env: Surroundings['env'];
    signal: AbortSignal;
  },
): Promise<Propagation[]> {
  const dns = createDnsParts({ clock: systemClock, environment: options.env });
  try {
    return await Promise.all(
      wanted.map(async ({ domain, record }): Promise<Propagation> => {
        const fqdn = persistRecordName(domain);
        const demand = { ...record, issuerDomainNames: [record.issuerDomainName], now: options.now };
        try {
          return await checkPropagation(dns, {
            fqdn,
            matches: (text) => judgePersistRecord(text, demand).fits,
            servers: options.servers ?? dns.systemNameservers,
            recursiveOnly: options.servers !== undefined,
            signal: options.signal,
          });
        } catch (error) {
          if (!(error instanceof DnsError)) throw error;
          return { passed: false, fqdn, views: [], problem: error.message, settleMs: 0 };
        }
      }),
    );
  } finally {
    await dns.close();
  }
}
