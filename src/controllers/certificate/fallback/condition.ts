/** The condition FallbackIssuer: which issuer a certificate is from, when that is not the one in the spec. */
import type { Certificate, CertificateStatus } from '../../../api/certificate.ts';
import type { IssuerChain } from './issuer-chain.ts';
import { mayIssue, named } from './issuer-chain.ts';
import { sameIssuer, type IssuerRef } from '../issuer-match.ts';
import { conditionOf, withCondition } from '../status.ts';

const type = 'FallbackIssuer';

/** @param by who issued what the Secret holds, where that is known */
export function withFallbackCondition(
  certificate: Certificate,
  status: CertificateStatus,
  chain: IssuerChain,
  by: IssuerRef | undefined,
  nowMs: number,
): CertificateStatus {
  const [first] = chain.issuers;
  const problems = chain.problems.length === 0 ? '' : chain.problems.join('; ');
  if (by !== undefined && !sameIssuer(by, first) && mayIssue(chain, by)) {
    const told = `The certificate is from ${named(by)}, because ${named(first)} could not issue when it was needed; the next renewal asks ${named(first)} first`;
    const message = problems === '' ? told : `${told}. Of the annotation: ${problems}`;
    return withCondition(certificate, status, { type, status: 'True', reason: 'StandsIn', message }, nowMs);
  }
  if (problems !== '')
    return withCondition(
      certificate,
      status,
      { type, status: 'False', reason: 'InvalidAnnotation', message: problems },
      nowMs,
    );
  if (conditionOf(status, type) === undefined) return status;
  return { ...status, conditions: (status.conditions ?? []).filter((condition) => condition.type !== type) };
}
