/** What a new ACME order replaces (RFC 9773 §5): the certificate that the target Secret holds now. */
import type { ReplacesFor } from '../../../issuers/acme/order-gateway.ts';
import { cacheKey } from '../../../kube/cache.ts';
import type { ControllerContext } from '../../context.ts';
import { annotationKeys } from '../constants.ts';
import { sameIssuer } from '../issuer-match.ts';
import { annotatedIssuer, renewalQuestion } from './certificate-origin.ts';

/**
 * From caches alone. Nothing where the request is not controlled by the Certificate that it names, where another issuer
 * than the one asked has issued what the Secret holds, or where the CA is not asked for renewal information at all.
 */
export function replacesFor(context: Pick<ControllerContext, 'informers' | 'options'>): ReplacesFor {
  return (request) => {
    const { namespace = '', annotations, ownerReferences } = request.metadata ?? {};
    const name = annotations?.[annotationKeys.certificateName];
    if (request.kubernetes === true || name === undefined) return Promise.resolve(undefined);
    const certificate = context.informers.certificates.get(cacheKey(namespace, name));
    const uid = certificate?.metadata?.uid;
    if (certificate === undefined || uid === undefined) return Promise.resolve(undefined);
    const owns = ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid) ?? false;
    const secret = context.informers.secrets.get(cacheKey(namespace, certificate.spec.secretName));
    const by = secret === undefined ? undefined : annotatedIssuer(secret);
    if (!owns || by === undefined || !sameIssuer(by, request.spec.issuerRef))
      return Promise.resolve(undefined);
    return Promise.resolve(renewalQuestion(context, certificate, secret)?.certId);
  };
}
