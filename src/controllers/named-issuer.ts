/** The issuer that a reference means, from the caches. */
import type { AnyIssuer } from '../issuers/issuer.ts';
import { cacheKey } from '../kube/cache.ts';
import { ownGroup } from './certificate/constants.ts';
import { effectiveRef, type IssuerRef } from './certificate/issuer-match.ts';
import { issuerIndexKey, type ControllerContext } from './context.ts';

type IssuerCaches = Pick<ControllerContext['informers'], 'issuers' | 'clusterIssuers'>;

/** Undefined: it is not there, or of another group or kind than ours. @param namespace of the object that names it */
export function namedIssuer(
  informers: IssuerCaches,
  namespace: string | undefined,
  ref: IssuerRef,
): AnyIssuer | undefined {
  const { group, kind, name } = effectiveRef(ref);
  if (group !== ownGroup) return undefined;
  if (kind === 'ClusterIssuer') return informers.clusterIssuers.get(name);
  return kind === 'Issuer' ? informers.issuers.get(cacheKey(namespace, name)) : undefined;
}

/**
 * What the work for one issuer is kept apart by: its `issuerIndexKey`, or '' where there is no such issuer. Names that
 * strangers make up share that one: each of its own would come before those that are served already.
 */
export function issuerLane(informers: IssuerCaches, namespace: string | undefined, ref: IssuerRef): string {
  return namedIssuer(informers, namespace, ref) === undefined ? '' : issuerIndexKey(namespace ?? '', ref);
}
