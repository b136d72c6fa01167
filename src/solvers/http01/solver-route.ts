/** The HTTPRoute that leads to the solver's Service through a Gateway (spec/acme.md §8.7). */
import type { Challenge } from '../../api/challenge.ts';
import type { HttpRoute } from '../../api/routes.ts';
import { SolverConfigurationError } from '../errors.ts';
import type { Http01Settings } from '../settings.ts';
import { challengePath, isAddress, labelsOf, metadataOf, solverPort } from './identity.ts';

/** @throws SolverConfigurationError without a parent */
export function solverRoute(challenge: Challenge, service: string, settings: Http01Settings): HttpRoute {
  const { labels, parentRefs = [] } = challenge.spec.solver.http01?.gatewayHTTPRoute ?? {};
  if (parentRefs.length === 0)
    throw new SolverConfigurationError(
      'the solver names no Gateway to attach its HTTPRoute to: set http01.gatewayHTTPRoute.parentRefs in the issuer, or the acme.cert-manager.io/http01-parentrefname and -parentrefkind annotations on the Certificate',
    );
  const namespace = challenge.metadata?.namespace ?? '';
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: metadataOf(challenge, labelsOf(challenge, settings.extraLabels, labels)),
    spec: {
      parentRefs,
      ...(isAddress(challenge) ? {} : { hostnames: [challenge.spec.dnsName] }),
      rules: [
        {
          matches: [{ path: { type: 'Exact', value: challengePath(challenge.spec.token) } }],
          backendRefs: [
            { group: '', kind: 'Service', name: service, namespace, port: solverPort, weight: 1 },
          ],
        },
      ],
    },
  };
}

/**
 * Whether the route does what is wanted. What the server added to it (defaults of its definition, labels of others) makes
 * no difference; cert-manager compares strictly and replaces its routes for ever on servers that add something.
 */
export function sameRoute(route: HttpRoute, wanted: HttpRoute): boolean {
  return (
    covers(route.spec, wanted.spec) && covers(route.metadata?.labels ?? {}, wanted.metadata?.labels ?? {})
  );
}

/** What is stored with what is wanted; labels, annotations and versions of others stay. */
export function updatedRoute(route: HttpRoute, wanted: HttpRoute): HttpRoute {
  const { metadata = {} } = route;
  return {
    ...route,
    metadata: { ...metadata, labels: { ...metadata.labels, ...wanted.metadata?.labels } },
    spec: wanted.spec ?? {},
  };
}

/** Every field of `wanted` is in `found`; lists are equally long. An absent hostname list is not covered by one with names. */
function covers(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(found) &&
      found.length === wanted.length &&
      wanted.every((one, index) => covers(found[index], one))
    );
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof found !== 'object' || found === null) return false;
    // A list that nobody wants narrows the route or widens it; a scalar is a default.
    const extraLists = Object.entries(found).some(
      ([key, value]) => Array.isArray(value) && value.length > 0 && !(key in wanted),
    );
    return (
      !extraLists &&
      Object.entries(wanted).every(([key, value]) => covers((found as Record<string, unknown>)[key], value))
    );
  }
  return found === wanted;
}
