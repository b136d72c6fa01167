/**
 * Whether a Challenge is what it says it is: made for an Order of a request that was approved, for the issuer that the
 * Order names, about a challenge that this very CA offered. Pure, and asked before any credential is read or address
 * called: whoever can write a Challenge must not be able to use an issuer's credentials (acme.md §1.5).
 */
import { controllingOwner } from '../../api/controlling-owner.ts';
import { isDeepStrictEqual } from 'node:util';
import { parseDuration } from '../../api/duration.ts';
import type { Challenge } from '../../api/challenge.ts';
import type { IssuerReference } from '../../api/issuer-reference.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Solver } from '../../api/solver.ts';
import type { OrderFacts } from '../../issuers/acme/order-facts.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { dns01Value, isToken } from '../../acme/challenge-values.ts';
import { solverSections } from '../../solvers/registry.ts';
import { selectSolver } from '../order/select-solver.ts';

/** Undefined: nothing speaks against it. Else why it is left alone, for people. */
export type Objection = string | undefined;

/** The Order that a Challenge says it belongs to; undefined: it names none. */
export function orderOf({ metadata }: Challenge): { name: string; uid: string } | undefined {
  const owner = controllingOwner(metadata);
  if (owner?.kind !== 'Order' || !owner.apiVersion.startsWith('acme.cert-manager.io/')) return undefined;
  return { name: owner.name, uid: owner.uid };
}

/**
 * Whether the spec of a Challenge or an Order is another one than it was made with. Admission does not let that happen to
 * Challenges, but not every installation has one, and lets most of an Order be changed, as the peer does; what was proven
 * must stay what is worked on. The API server counts changes of the spec, and the deletion, which nobody can undo.
 */
export function specWasChanged({ metadata }: Pick<KubeObject, 'metadata'>): boolean {
  return (metadata?.generation ?? 1) > (metadata?.deletionTimestamp === undefined ? 1 : 2);
}

/** @param order the Order of that name; undefined: there is none */
export function objectionToOrder(challenge: Challenge, order: OrderFacts | undefined): Objection {
  if (specWasChanged(challenge)) return 'its spec was changed after it was made';
  const owner = orderOf(challenge);
  if (owner === undefined) return 'no Order controls it';
  if (order === undefined) return `its Order ${owner.name} does not exist`;
  if (order.metadata?.uid !== owner.uid) return `its Order ${owner.name} is another one than it was made for`;
  if (order.issued) return `its Order ${owner.name} has its certificate`;
  if (specWasChanged(order)) return changed(`its Order ${owner.name}`);
  const { spec } = challenge;
  if (!sameIssuer(spec.issuerRef, order.spec.issuerRef))
    return `it names another issuer than its Order ${owner.name}`;
  return objectionToOffer(challenge, order);
}

function changed(order: string): string {
  return `the spec of ${order} was changed after it was made; delete it, and its request gets a new one`;
}

function objectionToOffer({ spec }: Challenge, { metadata, status }: OrderFacts): Objection {
  const authorization = status?.authorizations?.find(({ url }) => url === spec.authorizationURL);
  const order = metadata?.name ?? '';
  if (authorization === undefined) return `its Order ${order} knows no such authorization`;
  if (
    authorization.identifier !== spec.dnsName ||
    (authorization.wildcard ?? false) !== (spec.wildcard ?? false)
  )
    return `the authorization in its Order ${order} is about another name than ${JSON.stringify(spec.dnsName.slice(0, 253))}`;
  const offer = authorization.challenges?.find(({ url }) => url === spec.url);
  const { section, acme } = solverSections[spec.type];
  if (offer === undefined || offer.type !== acme || offer.token !== spec.token)
    return `the CA offered no ${spec.type} challenge of that address and token for its Order ${order}`;
  // DNS-PERSIST-01 has none.
  if (spec.token !== '' && !isToken(spec.token)) return 'its token is none (RFC 8555 §8.1)';
  if (spec.token === '' && spec.type !== 'DNS-PERSIST-01') return 'it has no token';
  if (spec.solver[section] === undefined)
    return `its solver has no section ${section}, which type ${spec.type} needs`;
  return undefined;
}

/** Whether issuer and addresses are those that the Order was placed with. */
export function objectionToIssuer(
  challenge: Challenge,
  order: OrderFacts,
  issuer: AnyIssuer | undefined,
): Objection {
  const { kind = 'Issuer', name } = challenge.spec.issuerRef;
  if (issuer === undefined) return `its ${kind} ${name} does not exist`;
  const acme = issuer.spec.acme;
  if (acme === undefined) return `its ${kind} ${name} is not of type acme`;
  const directory = URL.parse(acme.server);
  const placed = URL.parse(order.status?.url ?? '');
  for (const address of [challenge.spec.url, challenge.spec.authorizationURL]) {
    const url = URL.parse(address);
    const sameHost = url !== null && [directory?.host, placed?.host].includes(url.host);
    if (!sameHost || url.protocol !== directory?.protocol)
      return `its address ${JSON.stringify(address.slice(0, 200))} is not at the CA of ${kind} ${name}`;
  }
  return objectionToSolver(challenge, order, acme.solvers ?? [], `${kind} ${name}`);
}

/**
 * Whether its solver is the one that the issuer has for this very name: selectors say whose credentials are for which
 * names, and whoever could choose another solver of the issuer would have credentials used that are not for theirs.
 */
function objectionToSolver(
  { spec }: Challenge,
  { metadata, status }: OrderFacts,
  solvers: readonly Solver[],
  issuer: string,
): Objection {
  const own = credentials(spec.solver);
  const isOwn = (solver: Solver): boolean => isDeepStrictEqual(credentials(solver), own);
  if (!solvers.some(isOwn)) return `its solver is none of ${issuer}`;
  const { challenges = [] } = status?.authorizations?.find(({ url }) => url === spec.authorizationURL) ?? {};
  const toProve = { identifier: spec.dnsName, wildcard: spec.wildcard ?? false, challenges };
  const choice = selectSolver(solvers, toProve, metadata?.labels ?? {});
  return choice !== undefined && choice.challenge.url === spec.url && isOwn(choice.solver)
    ? undefined
    : `its solver is one of ${issuer}, but not the one that is for ${JSON.stringify(spec.dnsName.slice(0, 253))}`;
}

/**
 * A solver without what annotations of a Certificate may change in the copy (acme.md §6.2, §6.3): which Ingress, and
 * which parents of a route. Nothing that remains may differ, as credentials hang on it.
 */
function credentials(solver: Solver): unknown {
  const { http01, waitInsteadOfSelfCheck: wait, ...plainParts } = solver;
  // Orders write it as Go writes durations, the issuer as its author did.
  const others = { ...plainParts, wait: wait === undefined ? undefined : (parseDuration(wait) ?? wait) };
  if (http01 === undefined) return plain(others);
  const { ingress, gatewayHTTPRoute, ...rest } = http01;
  return plain({
    ...others,
    http01: {
      ...rest,
      ...(ingress === undefined
        ? {}
        : { ingress: { ...ingress, name: undefined, class: undefined, ingressClassName: undefined } }),
      ...(gatewayHTTPRoute === undefined
        ? {}
        : { gatewayHTTPRoute: { ...gatewayHTTPRoute, parentRefs: undefined } }),
    },
  });
}

/** Without fields that are not there. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

export function sameIssuer(a: IssuerReference, b: IssuerReference): boolean {
  return (
    a.name === b.name &&
    or(a.kind, 'Issuer') === or(b.kind, 'Issuer') &&
    or(a.group, 'cert-manager.io') === or(b.group, 'cert-manager.io')
  );
}

function or(text: string | undefined, otherwise: string): string {
  return text === undefined || text === '' ? otherwise : text;
}

/** What owns an Order, with what is known about it. */
export interface OrderOwner {
  uid: string;
  issuerRef: IssuerReference;
  /** Base64; empty: no longer known, because its certificate was issued. */
  request: string;
  approved: boolean;
}

/** Whether the Order was made for a request that somebody approved. @param owner undefined: there is none */
export function objectionToOwner({ metadata, spec }: OrderFacts, owner: OrderOwner | undefined): Objection {
  const reference = controllingOwner(metadata);
  const order = `its Order ${metadata?.name ?? ''}`;
  if (specWasChanged({ metadata })) return changed(order);
  if (reference === undefined) return `no request controls ${order}`;
  if (owner === undefined || owner.uid !== reference.uid)
    return `${order} belongs to ${reference.kind} ${reference.name}, which does not exist`;
  if (!owner.approved)
    return `${order} belongs to ${reference.kind} ${reference.name}, which is not approved`;
  if (!sameIssuer(owner.issuerRef, spec.issuerRef))
    return `${order} names another issuer than ${reference.kind} ${reference.name}`;
  if (owner.request !== '' && spec.request !== '' && owner.request !== spec.request)
    return `${order} is for another signing request than ${reference.kind} ${reference.name}`;
  return undefined;
}

/**
 * Whether what is to be presented belongs to the issuer's account: the key authorization of somebody else would let them
 * prove control of the name with our credentials. DNS-PERSIST-01 has none: what its record holds is for its solver to make.
 */
export function objectionToKey({ spec }: Challenge, keyAuthorization: (token: string) => string): Objection {
  if (spec.type === 'DNS-PERSIST-01') return undefined;
  const whole = keyAuthorization(spec.token);
  const allowed = {
    'HTTP-01': [whole],
    'DNS-01': [dns01Value(whole)],
    'TLS-ALPN-01': [whole, dns01Value(whole)],
  }[spec.type];
  return allowed.includes(spec.key)
    ? undefined
    : "its key is none of the account of its issuer (was the account's key replaced while the Order was on its way?)";
}
