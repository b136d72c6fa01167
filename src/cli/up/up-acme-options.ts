/** The ACME flags of `certwright up`: those of the controller that mean something without a cluster, and the webroot. */
import { defaultAcmeSettings, type AcmeSettings } from '../../solvers/settings.ts';
import type { ResponderOptions } from '../../solvers/responder/responder.ts';
import { readAcmeSettings } from '../acme/acme-options.ts';
import { controllerTable } from '../configuration/controller-table.ts';
import type { FlagRow } from '../configuration/row.ts';
import { attributeOf, mergeSettings, type GivenFlags } from '../configuration/settings.ts';
import { folder } from '../option-values.ts';
import { Problems } from '../process/problems.ts';

export const upAcmeNames: ResponderOptions['names'] = {
  http01: '--acme-http01-listen',
  tlsAlpn01: '--acme-tls-alpn-listen',
  webroot: '--acme-webroot',
};

/** What is said otherwise here than in a cluster. */
const meanings: Readonly<Record<string, string>> = {
  'acme-http01-listen':
    'address at which HTTP-01 is answered, open all the time, for example 127.0.0.1:8080 behind a reverse proxy; 0: never (default: :80, only while there is something to answer)',
  'issuer-ambient-credentials': 'Issuers may use the credentials of this machine for DNS',
  'cluster-issuer-ambient-credentials': 'ClusterIssuers may use the credentials of this machine for DNS',
  'acme-tls-alpn-listen':
    'address at which TLS-ALPN-01 is answered, open all the time; 0: never (default: :443, only while there is something to answer)',
};

const flags: readonly string[] = [
  'acme-http01-listen',
  'acme-tls-alpn-listen',
  'acme-http01-solver-nameservers',
  'acme-http01-public-resolver',
  'dns01-recursive-nameservers',
  'dns01-recursive-nameservers-only',
  'dns01-check-retry-period',
  'max-concurrent-challenges',
  'issuer-ambient-credentials',
  'cluster-issuer-ambient-credentials',
];

export const upAcmeRows: readonly FlagRow[] = controllerTable.rows
  .filter(({ flag }) => flags.includes(flag))
  .map((row: FlagRow) => ({ ...row, meaning: meanings[row.flag] ?? row.meaning }));

/** Ports that a CA comes to (RFC 8555 §8.3, RFC 8737 §3). */
const defaults = { http01: { host: '', port: 80 }, tlsAlpn01: { host: '', port: 443 } };

export interface UpAcmeOptions {
  settings: AcmeSettings;
  /** Addresses that were asked for are listened on from the start: who asks wants to know whether it works. */
  always: ResponderOptions['always'];
}

/**
 * @param given what was written on the command line, by commander's attribute
 * @throws UsageError or CliError naming flag, value and remedy
 */
export function readUpAcmeOptions(
  given: GivenFlags,
  webroot: string | undefined,
  programs: AcmeSettings['dns']['programs'],
): UpAcmeOptions {
  const ours = Object.fromEntries(flags.map((flag) => [attributeOf(flag), given[attributeOf(flag)]]));
  const settings = mergeSettings(controllerTable, ours);
  const problems = new Problems();
  const read = readAcmeSettings(settings, undefined, false, problems);
  problems.throwIfAny();
  const asked = {
    http01: settings.isGiven('acme-http01-listen'),
    tlsAlpn01: settings.isGiven('acme-tls-alpn-listen'),
  };
  const http01 = asked.http01 ? read.responder.http01 : defaults.http01;
  const tlsAlpn01 = asked.tlsAlpn01 ? read.responder.tlsAlpn01 : defaults.tlsAlpn01;
  return {
    settings: {
      ...read,
      http01: { ...defaultAcmeSettings.http01, ...read.http01, responder: 'Resident' },
      dns: { ...read.dns, programs },
      responder: {
        ...(http01 === undefined ? {} : { http01 }),
        ...(tlsAlpn01 === undefined ? {} : { tlsAlpn01 }),
        ...(webroot === undefined ? {} : { webroot: folder('--acme-webroot', webroot) }),
      },
      inCluster: false,
    },
    always: {
      http01: asked.http01 && http01 !== undefined && webroot === undefined,
      tlsAlpn01: asked.tlsAlpn01 && tlsAlpn01 !== undefined,
    },
  };
}
