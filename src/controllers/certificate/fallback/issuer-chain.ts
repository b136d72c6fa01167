/** The issuers that may fill a Certificate's Secret: `spec.issuerRef`, then those of the fallback annotation, in order. Pure. */
import type { Certificate } from '../../../api/certificate.ts';
import { parseDuration } from '../../../api/duration.ts';
import { annotationKeys, ownGroup } from '../constants.ts';
import { effectiveRef, sameIssuer, type IssuerRef } from '../issuer-match.ts';

/** More than anybody needs; whoever writes more gets the first of them. */
const mostFallbacks = 8;
const longestName = 253;

export interface IssuerChain {
  /** The first is `spec.issuerRef`, as it is written there. */
  issuers: readonly [IssuerRef, ...IssuerRef[]];
  /** Milliseconds: how long an issuer may fail before the next one stands in; undefined: what is left of the certificate decides. */
  patienceMs?: number;
  /** Entries that name no issuer, for people. */
  problems: readonly string[];
}

export function issuerChain({ metadata, spec }: Pick<Certificate, 'metadata' | 'spec'>): IssuerChain {
  const written = metadata?.annotations?.[annotationKeys.fallbackIssuers];
  if (written === undefined) return { issuers: [spec.issuerRef], problems: [] };
  const issuers: [IssuerRef, ...IssuerRef[]] = [spec.issuerRef];
  const problems: string[] = [];
  for (const entry of written.split(',', mostFallbacks + 1)) {
    const ref = readIssuer(entry.trim());
    if (ref === undefined)
      problems.push(`"${entry.trim().slice(0, 64)}" is no issuer: write Issuer/name or ClusterIssuer/name`);
    else if (issuers.length > mostFallbacks) problems.push(`only the first ${mostFallbacks} count`);
    else if (!issuers.some((other) => sameIssuer(other, ref))) issuers.push(ref);
  }
  const after = metadata?.annotations?.[annotationKeys.fallbackAfter];
  const patienceMs = after === undefined ? undefined : parseDuration(after);
  if (after !== undefined && !(patienceMs !== undefined && patienceMs > 0))
    problems.push(`${annotationKeys.fallbackAfter} "${after.slice(0, 64)}" is no duration such as 30m`);
  const patience = patienceMs !== undefined && patienceMs > 0 ? { patienceMs } : {};
  return { issuers, problems, ...patience };
}

/** `ClusterIssuer/name` or `Issuer/name`, the latter in the namespace of whoever names it. */
export function readIssuer(text: string): Required<IssuerRef> | undefined {
  const [kind = '', name = '', ...more] = text.split('/');
  if (kind !== 'Issuer' && kind !== 'ClusterIssuer') return undefined;
  if (more.length > 0 || name.length > longestName || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name))
    return undefined;
  return { name, kind, group: ownGroup };
}

/** Whether `ref` is one of the chain. */
export function mayIssue(chain: IssuerChain, ref: IssuerRef): boolean {
  return chain.issuers.some((each) => sameIssuer(each, ref));
}

/** As people read it: `ClusterIssuer "backup"`. */
export function named(ref: IssuerRef): string {
  const { kind, name } = effectiveRef(ref);
  return `${kind} "${name}"`;
}
