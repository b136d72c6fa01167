/**
 * Which of the views to trust. Pure.
 *
 * `name` (what cert-manager looks at) and `public` (the name as a public resolver gives it) are what a CA does: one of them
 * passing is enough. When neither can be *reached*, and `route` (the Ingress or Gateway itself) answers rightly, then what is
 * missing is only the way from here to our own public address (NAT without hairpin), which no CA needs. A *wrong answer*
 * at the name is never argued away: somebody else stands there, and the CA would ask them.
 */
import type { CheckResult, ViewAnswer } from '../../solver.ts';
import { detailOf, type Outcome } from './outcome.ts';
import { isPrivate } from './special-addresses.ts';

export type View = 'direct' | 'route' | 'name' | 'public';

export interface Seen {
  view: View;
  /** What was asked, for people: `pod shop/x at 10.0.0.7`. */
  target: string;
  outcome: Outcome;
  /** IP addresses that were asked, or that the name leads to. */
  addresses: readonly string[];
}

/** The way through a load balancer or an ingress controller with several replicas takes a moment to be everywhere. */
export const settleMs = 1_000;

export function verdict(url: string, seen: readonly Seen[]): CheckResult {
  const of = (view: View): Seen | undefined => seen.find((one) => one.view === view);
  const outside = seen.filter(({ view }) => view === 'name' || view === 'public');
  const passing = outside.some(({ outcome }) => outcome.kind === 'match');
  const hairpin = !passing && isMissingHairpin(outside, of('route'));
  const views = seen.map((one): ViewAnswer => ({
    view: one.view,
    passed: one.outcome.kind === 'match',
    trusted: hairpin ? one.view === 'route' : isOutside(one.view),
    answer: `${one.target} ${detailOf(one.outcome)}${hairpin && isOutside(one.view) ? hairpinWords : ''}`,
  }));
  if (passing || hairpin) return { passed: true, views, problem: '', settleMs };
  return { passed: false, views, problem: explain(url, of('name'), of('public'), of('route'), of('direct')) };
}

const hairpinWords =
  '; not held against the Challenge: this network has no way back in to its own public address (NAT without hairpin), and a CA needs none';

function isOutside(view: string): boolean {
  return view === 'name' || view === 'public';
}

/**
 * The route answers rightly, nobody outside was reached, and the name does lead here as far as can be told: to the address
 * of the route itself, or to a public address while the route has a private one, as behind NAT. A name that leads to some
 * other private or dead public address is a wrong DNS record, not a missing hairpin.
 */
function isMissingHairpin(outside: readonly Seen[], route: Seen | undefined): boolean {
  if (route === undefined || route.outcome.kind !== 'match') return false;
  const held = outside.filter(({ outcome }) => outcome.kind !== 'absent');
  if (held.length === 0 || held.some(({ outcome }) => outcome.kind === 'wrong')) return false;
  const unreachable = held.filter(({ outcome }) => outcome.kind === 'unreachable');
  const addresses = unreachable.flatMap((one) => one.addresses);
  const behindNat = route.addresses.length > 0 && route.addresses.every(isPrivate);
  return addresses.some((address) => route.addresses.includes(address) || (behindNat && !isPrivate(address)));
}

/** One line: what was seen, what that means, what to do. */
function explain(
  url: string,
  name: Seen | undefined,
  open: Seen | undefined,
  route: Seen | undefined,
  direct: Seen | undefined,
): string {
  const worst = [name, open].find((one) => one?.outcome.kind === 'wrong') ?? name ?? open ?? route ?? direct;
  if (worst === undefined) return `nothing could be asked for ${url}`;
  const saw = `${url}: ${worst.target} ${detailOf(worst.outcome)}`;
  return `${saw}. ${sentence(remedy(worst, route, direct))}`;
}

function remedy(worst: Seen, route: Seen | undefined, direct: Seen | undefined): string {
  const routePassed = route?.outcome.kind === 'match';
  const inside = behindTheName(route, direct);
  switch (worst.outcome.kind) {
    case 'wrong':
      if (worst.outcome.what === 'redirects' || worst.outcome.what === 'refused-redirect')
        return 'A CA follows redirects as well: exempt /.well-known/acme-challenge/ from them, or let them end at this host';
      if (worst.outcome.what === 'refused-address')
        return 'No CA can reach it there: point the DNS record (AAAA as well) at the Ingress, the Gateway or the load balancer';
      if (routePassed)
        return `${route.target} answers rightly, so the name leads to another server: point its DNS record (AAAA as well) or the load balancer there`;
      return inside;
    case 'unreachable':
      if (worst.view === 'direct') return inside;
      if (routePassed)
        return `${route.target} answers rightly, but the name leads elsewhere (${worst.addresses.join(', ')}): point its DNS record there, or, where only this network cannot see it, set --acme-http01-public-resolver, or waitInsteadOfSelfCheck on the solver`;
      return `Port 80 has to be open for everybody who asks for the name. ${sentence(inside)}`;
    case 'unresolved':
      if (worst.outcome.unknown === true)
        return 'See that this resolver works and can be reached; to have another one asked, set --acme-http01-solver-nameservers or --acme-http01-public-resolver. It is tried again by itself';
      return 'Create its A or AAAA record; where only this network does not know it (split DNS), set --acme-http01-solver-nameservers or --acme-http01-public-resolver';
    default:
      return inside;
  }
}

const sentence = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** The first thing behind the name that does not work. */
function behindTheName(route: Seen | undefined, direct: Seen | undefined): string {
  if (direct !== undefined && direct.outcome.kind !== 'match')
    return `${direct.target} ${detailOf(direct.outcome)}${direct.outcome.kind === 'unreachable' ? ': a NetworkPolicy may keep its port closed' : ''}`;
  if (route !== undefined && route.outcome.kind !== 'match') {
    const words = `${route.target} ${detailOf(route.outcome)}`;
    return direct === undefined
      ? words
      : `${direct.target} answers rightly, but ${words}: see what its controller says of it`;
  }
  if (route === undefined && direct !== undefined)
    return `${direct.target} answers rightly, so the name (A or AAAA record) leads to another machine, or what has port 80 there does not pass /.well-known/acme-challenge/ on`;
  return 'It is tried again by itself';
}
