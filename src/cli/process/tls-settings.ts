/** TLS of a server of ours, as its flags say: from files, or from an authority of our own (spec/operations.md §2). */
import { getCiphers } from 'node:tls';
import { UsageError } from '../errors.ts';
import { namespaceName } from '../option-values.ts';

export type TlsSettings = { ciphers?: string; minVersion: 'TLSv1.2' | 'TLSv1.3' } & (
  | { kind: 'files'; certFile: string; keyFile: string }
  | {
      kind: 'dynamic';
      namespace: string;
      name: string;
      dnsNames: readonly string[];
      leafDurationMs: number;
    }
);

/** Flag names after the common prefix differ between servers, so each names its own. */
export interface TlsFlags<Text extends string, List extends string, Duration extends string> {
  certFile: Text;
  keyFile: Text;
  secretNamespace: Text;
  secretName: Text;
  minVersion: Text;
  dnsNames: List;
  cipherSuites: List;
  leafDuration: Duration;
}

type Values<Text extends string, List extends string, Duration extends string> = Readonly<
  Record<Text, string> & Record<List, readonly string[]> & Record<Duration, number>
>;

/** Undefined: no TLS is asked for. @throws UsageError */
export function readTls<Text extends string, List extends string, Duration extends string>(
  settings: { values: Values<Text, List, Duration>; nameOf: (flag: never) => string },
  flags: TlsFlags<Text, List, Duration>,
): TlsSettings | undefined {
  const values: Values<Text, List, Duration> = settings.values;
  const text = (flag: Text): string => values[flag];
  const name = (flag: Text | List): string => settings.nameOf(flag as never);
  const [cert, key] = [text(flags.certFile), text(flags.keyFile)];
  const [namespace, secret] = [text(flags.secretNamespace), text(flags.secretName)];
  const dnsNames: readonly string[] = values[flags.dnsNames];
  const fromFiles = cert !== '' || key !== '';
  const dynamic = namespace !== '' || secret !== '' || dnsNames.length > 0;
  if (!fromFiles && !dynamic) return undefined;
  if (fromFiles && dynamic)
    throw new UsageError(
      name(flags.certFile),
      cert,
      `cannot specify both filesystem based and dynamic TLS configuration: leave it out, or leave out ${name(flags.secretName)}`,
    );
  const common = {
    minVersion: minVersion(name(flags.minVersion), text(flags.minVersion)),
    ...ciphers(name(flags.cipherSuites), values[flags.cipherSuites]),
  };
  if (fromFiles) {
    for (const flag of [flags.certFile, flags.keyFile])
      if (text(flag) === '')
        throw new UsageError(name(flag), '', 'must be specified when using filesystem based TLS config');
    return { kind: 'files', certFile: cert, keyFile: key, ...common };
  }
  for (const flag of [flags.secretNamespace, flags.secretName])
    if (text(flag) === '')
      throw new UsageError(name(flag), '', 'must be specified when using dynamic TLS config');
  if (dnsNames.length === 0)
    throw new UsageError(name(flags.dnsNames), '', 'must be specified when using dynamic TLS config');
  return {
    kind: 'dynamic',
    namespace: namespaceName(name(flags.secretNamespace), namespace),
    name: secret,
    dnsNames,
    leafDurationMs: values[flags.leafDuration],
    ...common,
  };
}

/** TLS 1.0 and 1.1 are not offered by anybody any more: asking for them gets 1.2, as in Go. */
function minVersion(name: string, value: string): 'TLSv1.2' | 'TLSv1.3' {
  if (['', 'VersionTLS10', 'VersionTLS11', 'VersionTLS12'].includes(value)) return 'TLSv1.2';
  if (value === 'VersionTLS13') return 'TLSv1.3';
  throw new UsageError(name, value, 'write VersionTLS12 or VersionTLS13');
}

/** Those of TLS 1.3 are fixed in Go and cannot be chosen; all others are named as IANA does. */
const openSslNames: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_AES_128_GCM_SHA256: 'TLS_AES_128_GCM_SHA256',
  TLS_AES_256_GCM_SHA384: 'TLS_AES_256_GCM_SHA384',
  TLS_CHACHA20_POLY1305_SHA256: 'TLS_CHACHA20_POLY1305_SHA256',
};

function ciphers(name: string, suites: readonly string[]): { ciphers?: string } {
  if (suites.length === 0) return {};
  const available = new Set(getCiphers().map((each) => each.toUpperCase()));
  const chosen = suites.map((suite) => {
    const openSsl = openSslNames[suite];
    if (openSsl === undefined || !available.has(openSsl.toUpperCase()))
      throw new UsageError(
        name,
        suite,
        `suites with forward secrecy and authenticated encryption are offered: ${Object.keys(openSslNames).join(', ')}`,
      );
    return openSsl;
  });
  // TLS 1.3 stays as it is, whatever is chosen for 1.2.
  const fixed = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
  return { ciphers: [...new Set([...fixed, ...chosen])].join(':') };
}
