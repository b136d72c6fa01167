/** What there is after everything has been issued: one row per Certificate, with its chain and its files. */
import { messageOf } from '../../api/message-of.ts';
import { parseCertificates } from '../../pki/x509/parse-certificate.ts';
import { printName } from '../../pki/x509/name.ts';
import type { Certificate } from '../../api/certificate.ts';
import type { Secret } from '../../api/core.ts';
import type { HookState } from '../hooks/deploy-hooks.ts';

export interface CertificateSummary {
  namespace: string;
  name: string;
  ready: boolean;
  /** Why it is not ready, or what the Ready condition says. */
  reason: string;
  message: string;
  /** `ClusterIssuer/root`. */
  issuer: string;
  secretName: string;
  notAfter?: string;
  renewalTime?: string;
  /** Subjects from the leaf up to the root. */
  chain: string[];
  /** Where the files are, when they are exported. */
  directory?: string;
  files: string[];
  /** What was run after the files had changed. */
  hooks: HookSummary[];
}

export interface HookSummary {
  name: string;
  state: HookState['kind'];
  /** Why it failed, and how often in a row. */
  problem?: string;
  attempts?: number;
  nextAttempt?: string;
}

export interface Exported {
  directory: string;
  files: readonly string[];
}

export function summarize(
  certificate: Certificate,
  secret: Secret | undefined,
  exported: Exported | undefined,
  hooks: readonly { hook: string; state: HookState }[] = [],
): CertificateSummary {
  const { namespace = '', name = '' } = certificate.metadata ?? {};
  const ready = certificate.status?.conditions?.find((condition) => condition.type === 'Ready');
  const issuing = certificate.status?.conditions?.find((condition) => condition.type === 'Issuing');
  // A failed attempt explains more than "the Secret does not exist"; Ready may say that, and why it cannot go on.
  const why = issuing?.message ?? '';
  const isMore = why !== '' && ready?.message?.startsWith(why) !== true;
  const cause = ready?.status !== 'True' && isMore ? issuing : ready;
  const { kind, name: issuerName } = certificate.spec.issuerRef;
  const summary: CertificateSummary = {
    namespace,
    name,
    ready: isReady(certificate),
    reason: cause?.reason ?? 'Pending',
    message: cause?.message ?? 'nothing is known about it yet',
    issuer: `${kind === undefined || kind === '' ? 'Issuer' : kind}/${issuerName}`,
    secretName: certificate.spec.secretName,
    chain: chainOf(secret),
    files: [...(exported?.files ?? [])],
    hooks: hooks.map(({ hook, state }) => ({
      name: hook,
      state: state.kind,
      ...(state.kind === 'failed'
        ? {
            problem: state.problem,
            attempts: state.attempts,
            nextAttempt: new Date(state.nextAttemptAt).toISOString(),
          }
        : {}),
    })),
  };
  if (certificate.status?.notAfter !== undefined) summary.notAfter = certificate.status.notAfter;
  if (certificate.status?.renewalTime !== undefined) summary.renewalTime = certificate.status.renewalTime;
  if (exported !== undefined) summary.directory = exported.directory;
  return summary;
}

/** Ready=True, said about the spec as it is now. */
export function isReady(certificate: Certificate): boolean {
  const ready = certificate.status?.conditions?.find((condition) => condition.type === 'Ready');
  const current =
    ready?.observedGeneration === undefined || ready.observedGeneration === certificate.metadata?.generation;
  return ready?.status === 'True' && current;
}

function chainOf(secret: Secret | undefined): string[] {
  const names: string[] = [];
  for (const key of ['tls.crt', 'ca.crt']) {
    const value = secret?.data?.[key];
    if (value === undefined || value === '') continue;
    try {
      for (const parsed of parseCertificates(Buffer.from(value, 'base64'))) {
        const subject = printName(parsed.subject);
        const dns = parsed.subjectAltNames.dnsNames[0];
        const title =
          subject !== '' ? subject : dns === undefined ? '(no subject)' : `DNS:${dns} (no subject)`;
        if (names.at(-1) !== title) names.push(title);
      }
    } catch (error) {
      names.push(`(unreadable ${key}: ${messageOf(error)})`);
    }
  }
  return names;
}
