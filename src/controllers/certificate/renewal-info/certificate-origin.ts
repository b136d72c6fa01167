/** Which ACME issuer the certificate in a Secret is from, as the Secret's annotations and the Certificate agree. */
import type { Certificate } from '../../../api/certificate.ts';
import type { AnyIssuer } from '../../../issuers/issuer.ts';
import type { ControllerContext } from '../../context.ts';
import { namedIssuer } from '../../named-issuer.ts';
import { annotationKeys } from '../constants.ts';
import { issuerChain, mayIssue } from '../fallback/issuer-chain.ts';
import { effectiveRef, type IssuerRef } from '../issuer-match.ts';
import type { SecretFacts } from '../secret-facts.ts';

/** The issuer that the annotations name; undefined where one of the three is missing. */
export function annotatedIssuer(secret: SecretFacts): Required<IssuerRef> | undefined {
  const name = secret.annotations[annotationKeys.issuerName];
  const kind = secret.annotations[annotationKeys.issuerKind];
  const group = secret.annotations[annotationKeys.issuerGroup];
  if (name === undefined || name === '' || kind === undefined || group === undefined) return undefined;
  return effectiveRef({ name, kind, group });
}

/** The ACME issuer behind a Secret, when the Certificate accepts it; undefined: another type, not there, or not known. */
export function acmeOrigin(
  { informers }: Pick<ControllerContext, 'informers'>,
  certificate: Certificate,
  secret: SecretFacts,
): AnyIssuer | undefined {
  const ref = annotatedIssuer(secret);
  if (ref === undefined || !mayIssue(issuerChain(certificate), ref)) return undefined;
  const issuer = namedIssuer(informers, secret.namespace, ref);
  return issuer?.spec?.acme === undefined ? undefined : issuer;
}

/** Whether the CA of this issuer is asked when to renew: neither the process nor the issuer says no. */
export function asksCa({ options }: Pick<ControllerContext, 'options'>, issuer: AnyIssuer): boolean {
  return options.renewalInformation && issuer.spec?.acme?.renewalInformationSource !== 'None';
}

/** What to ask the CA about: undefined where there is nothing to ask. */
export function renewalQuestion(
  context: Pick<ControllerContext, 'informers' | 'options'>,
  certificate: Certificate,
  secret: SecretFacts | undefined,
): { issuer: AnyIssuer; certId: string } | undefined {
  if (secret?.certificate?.ok !== true) return undefined;
  const certId = secret.certificate.value.renewalId;
  if (certId === undefined) return undefined;
  const issuer = acmeOrigin(context, certificate, secret);
  return issuer === undefined || !asksCa(context, issuer) ? undefined : { issuer, certId };
}
