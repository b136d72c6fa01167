/** Facts about the issuers of a chain and about the orders behind requests, from the shared caches. */
import { canaryIssuer } from '../../../api/annotations.ts';
import { cacheKey } from '../../../kube/cache.ts';
import type { ControllerContext } from '../../context.ts';
import { namedIssuer } from '../../named-issuer.ts';
import { ownGroup } from '../constants.ts';
import type { Candidate, Hold } from '../facts.ts';
import { effectiveRef, sameIssuer, type IssuerRef } from '../issuer-match.ts';
import { isIssued, type RequestFacts } from '../request-facts.ts';
import { readIssuer } from './issuer-chain.ts';

type Caches = Pick<ControllerContext, 'informers'>;

/** One issuer of a chain, with its canary. */
export function candidateOf(caches: Caches, namespace: string, ref: IssuerRef): Candidate {
  const { canary, ...candidate } = stateOf(caches, namespace, ref);
  if (canary === undefined) return candidate;
  // A canary of a canary is nobody's.
  const { canary: _none, ...rehearses } = stateOf(caches, namespace, canary);
  return { ...candidate, canary: rehearses };
}

function stateOf(
  { informers }: Caches,
  namespace: string,
  ref: IssuerRef,
): Omit<Candidate, 'canary'> & { canary?: IssuerRef } {
  const { group, kind } = effectiveRef(ref);
  if (group !== ownGroup) return { ref, readiness: 'external' };
  const issuer = namedIssuer(informers, namespace, ref);
  if (issuer === undefined) return { ref, readiness: 'missing' };
  const ready = issuer.status?.conditions?.find((condition) => condition.type === 'Ready');
  const canary = readIssuer(issuer.metadata?.annotations?.[canaryIssuer]?.trim() ?? '');
  // An issuer of one namespace names no other than its own; a ClusterIssuer only what every namespace has.
  const fits =
    canary !== undefined &&
    !sameIssuer(canary, ref) &&
    (kind !== 'ClusterIssuer' || canary.kind === 'ClusterIssuer');
  const rehearses = fits ? { canary } : {};
  const since = Date.parse(ready?.lastTransitionTime ?? '');
  const readiness = ready?.status === 'True' ? 'ready' : 'not-ready';
  return { ref, readiness, ...(Number.isNaN(since) ? {} : { sinceMs: since }), ...rehearses };
}

/** Undefined when no request has an Order that says anything. */
export function holdsOf(
  { informers }: Caches,
  namespace: string,
  requests: readonly RequestFacts[],
): ReadonlyMap<string, Hold> | undefined {
  let holds: Map<string, Hold> | undefined;
  for (const request of requests) {
    if (isIssued(request)) continue;
    const [order] = informers.orders.byIndex('owner', cacheKey(namespace, request.uid));
    if (order?.status === undefined) continue;
    const { problem, reason, nextAttemptAt } = order.status;
    const until = Date.parse(nextAttemptAt ?? '');
    holds ??= new Map();
    holds.set(request.uid, {
      ...(problem === undefined ? {} : { problem }),
      ...(reason === undefined ? {} : { reason }),
      ...(Number.isNaN(until) ? {} : { until }),
    });
  }
  return holds;
}
