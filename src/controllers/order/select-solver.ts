/** Which solver of an issuer proves a name, and by which of the challenges that the CA offers (acme.md §6.1). Pure. */
import type { ChallengeType } from '../../api/enumerations.ts';
import type { OfferedChallenge } from '../../api/order.ts';
import type { Solver, SolverSelector } from '../../api/solver.ts';
import { solverSections } from '../../solvers/registry.ts';

export interface Choice {
  solver: Solver;
  challenge: OfferedChallenge;
  type: ChallengeType;
}

export interface ToProve {
  /** DNS name or IP address, without `*.`. */
  identifier: string;
  wildcard: boolean;
  /** In the order of the CA. */
  challenges: readonly OfferedChallenge[];
}

interface Weights {
  names: number;
  zone: number;
  labels: number;
}

/** @param labels of the Order; undefined: nothing fits */
export function selectSolver(
  solvers: readonly Solver[],
  { identifier, wildcard, challenges }: ToProve,
  labels: Readonly<Record<string, string>>,
): Choice | undefined {
  const domain = wildcard ? `*.${identifier}` : identifier;
  let best: { choice: Choice; weights: Weights } | undefined;
  for (const solver of solvers) {
    const offer = compatibleChallenge(solver, challenges);
    if (offer === undefined) continue;
    const choice: Choice = { solver, ...offer };
    if (solver.selector === undefined || solver.selector === null) {
      best ??= { choice, weights: { names: 0, zone: 0, labels: 0 } };
      continue;
    }
    const weights = weigh(solver.selector, domain, labels);
    if (weights !== undefined && (best === undefined || beats(weights, best.weights)))
      best = { choice, weights };
  }
  return best?.choice;
}

/** The first challenge in the CA's list that the solver has a section for. */
function compatibleChallenge(
  solver: Solver,
  challenges: readonly OfferedChallenge[],
): Pick<Choice, 'challenge' | 'type'> | undefined {
  for (const challenge of challenges) {
    const type = challengeTypeOf(challenge.type);
    if (type === undefined) continue;
    const section = solver[solverSections[type].section];
    if (section !== undefined && section !== null) return { challenge, type };
  }
  return undefined;
}

const types = new Map(
  Object.entries(solverSections).map(([type, { acme }]) => [acme as string, type as ChallengeType]),
);

/** What the API calls a challenge of the CA; undefined for those that nobody here solves. */
export function challengeTypeOf(acme: string): ChallengeType | undefined {
  return types.get(acme);
}

/** Undefined: the selector is for other names. A part that is empty fits with weight 0. */
function weigh(
  { matchLabels = {}, dnsNames = [], dnsZones = [] }: SolverSelector,
  domain: string,
  labels: Readonly<Record<string, string>>,
): Weights | undefined {
  const pairs = Object.entries(matchLabels);
  if (pairs.some(([key, value]) => !Object.hasOwn(labels, key) || labels[key] !== value)) return undefined;
  // Exact: a wildcard is a name of its own here.
  if (dnsNames.length > 0 && !dnsNames.includes(domain)) return undefined;
  const zone = longestZone(dnsZones, domain);
  if (dnsZones.length > 0 && zone === 0) return undefined;
  return { names: dnsNames.length > 0 ? 1 : 0, zone, labels: pairs.length };
}

/** A named name beats any zone, a longer zone a shorter one, more labels fewer; of equals the earlier stays. */
function beats(one: Weights, other: Weights): boolean {
  if (one.names !== other.names) return one.names > other.names;
  if (one.zone !== other.zone) return one.zone > other.zone;
  return one.labels > other.labels;
}

/** Labels of the longest zone that the domain is in; 0: none. */
function longestZone(zones: readonly string[], domain: string): number {
  const name = labelsOf(domain);
  let longest = 0;
  for (const zone of zones) {
    const wanted = labelsOf(zone);
    if (wanted.length === 0 || wanted.length > name.length) continue;
    const tail = name.slice(-wanted.length);
    if (tail.every((label, index) => label === wanted[index])) longest = Math.max(longest, wanted.length);
  }
  return longest;
}

function labelsOf(name: string): string[] {
  const absolute = name.endsWith('.') ? name.slice(0, -1) : name;
  return absolute === '' ? [] : absolute.toLowerCase().split('.');
}
