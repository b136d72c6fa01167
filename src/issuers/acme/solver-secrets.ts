/** Which Secrets the solvers of an issuer need: every `…SecretRef` of a DNS provider (acme.md §3.3, step 4). */
import type { AcmeIssuer } from '../../api/issuer-acme.ts';
import type { Solver } from '../../api/solver.ts';

export interface SecretEntry {
  name: string;
  /** Undefined: the reference names no entry. */
  key: string | undefined;
}

/** The configuration of a webhook belongs to somebody else: what it refers to is not known. */
const unknownInside = 'webhook';

export function solverSecrets(acme: Pick<AcmeIssuer, 'solvers'> | undefined): SecretEntry[] {
  const found = new Map<string, SecretEntry>();
  for (const solver of acme?.solvers ?? []) {
    for (const entry of secretsOf(solver)) found.set(`${entry.name}/${entry.key ?? ''}`, entry);
  }
  return [...found.values()];
}

function secretsOf({ dns01 }: Solver): SecretEntry[] {
  const entries: SecretEntry[] = [];
  for (const [provider, settings] of Object.entries(dns01 ?? {})) {
    if (provider === unknownInside || !isRecord(settings)) continue;
    for (const [field, reference] of Object.entries(settings)) {
      if (!field.endsWith('SecretRef') || !isRecord(reference)) continue;
      const { name, key } = reference;
      // Route53 and RFC 2136 as cert-manager stores them carry references without a name where there is none.
      if (typeof name === 'string' && name !== '')
        entries.push({ name, key: typeof key === 'string' && key !== '' ? key : undefined });
    }
  }
  return entries;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
