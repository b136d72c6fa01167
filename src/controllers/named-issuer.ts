/** The issuer that a reference means, from the caches. */
import type { AnyIssuer } from '../issuers/issuer.ts';
import { cacheKey } from '../kube/cache.ts';
import { ownGroup } from './certificate/constants.ts';
import { effectiveRef, type IssuerRef } from './certificate/issuer-match.ts';
import type { ControllerContext } from './context.ts';

/** Undefined: it is not there, or of another group or kind than ours. @param namespace of the object that names it */
export function namedIssuer(
  informers: Pick<ControllerContext['informers'], 'issuers' | 'clusterIssuers'>,
  namespace: string | undefined,
  ref: IssuerRef,
): AnyIssuer | undefined {
  const { group, kind, name } = effectiveRef(ref);
  if (group !== ownGroup) return undefined;
  if (kind === 'ClusterIssuer') return informers.clusterIssuers.get(name);
  return kind === 'Issuer' ? informers.issuers.get(cacheKey(namespace, name)) : undefined;
}
