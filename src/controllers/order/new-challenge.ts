/** The Challenge that an authorization needs: its spec, its name, its owner (acme.md §5). Pure. */
import { dns01Value, isToken } from '../../acme/challenge-values.ts';
import type { Challenge, ChallengeSpec } from '../../api/challenge.ts';
import { formatDurationNanos, parseDurationNanos } from '../../api/duration.ts';
import type { ChallengeType } from '../../api/enumerations.ts';
import type { Authorization, Order } from '../../api/order.ts';
import type { Solver } from '../../api/solver.ts';
import { challengeFinalizer } from '../../api/labels.ts';
import { goStruct, issuerReferenceShape, nameAfter, type GoShape } from '../../issuers/acme/object-name.ts';
import { isAnsweredHere } from '../../solvers/answered-here.ts';
import { selectSolver } from './select-solver.ts';
import { overrideSolver } from './solver-overrides.ts';
import { solverShape } from './solver-shape.ts';

/** A Challenge without its key, which only the account's client can make. */
export interface WantedChallenge {
  name: string;
  spec: Omit<ChallengeSpec, 'key'>;
}

/** Nothing of what the issuer has fits the name, or what the CA offers cannot be used. */
export class SolverChoiceError extends Error {
  readonly code = 'order/solver-choice';
  readonly retryable = false;
}

const challengeShape: GoShape = {
  url: 'kept',
  authorizationURL: 'kept',
  dnsName: 'kept',
  wildcard: 'kept',
  type: 'kept',
  token: 'kept',
  key: 'kept',
  solver: { always: solverShape },
  issuerRef: { always: issuerReferenceShape },
};

/** @throws SolverChoiceError, OverrideError: why not, in words for an event */
export function wantedChallenge(
  order: Pick<Order, 'metadata' | 'spec'>,
  authorization: Authorization,
  solvers: readonly Solver[],
): WantedChallenge {
  const { name: orderName = '', namespace = '', labels = {}, annotations } = order.metadata ?? {};
  const { identifier = '', wildcard = false, challenges = [], url } = authorization;
  const domain = wildcard ? `*.${identifier}` : identifier;
  const choice = selectSolver(solvers, { identifier, wildcard, challenges }, labels);
  if (choice === undefined) {
    const offered = challenges.map(({ type }) => type.slice(0, 32)).join(', ');
    throw new SolverChoiceError(
      `no configured challenge solvers can be used for this challenge: for ${domain} the CA offers ${offered === '' ? 'nothing' : offered}, and no solver of the issuer with one of those types selects that name`,
    );
  }
  const { challenge, type } = choice;
  if (challenge.token !== '' || type !== 'DNS-PERSIST-01') {
    if (!isToken(challenge.token))
      throw new SolverChoiceError(
        `the token that the CA sent for ${domain} is not base64url (RFC 8555 §8.1): it is not used`,
      );
  }
  const solver = canonical(overrideSolver(choice.solver, annotations, namespace));
  const spec: WantedChallenge['spec'] = {
    url: challenge.url,
    authorizationURL: url,
    dnsName: identifier,
    wildcard,
    type,
    token: challenge.token,
    solver,
    issuerRef: { ...order.spec.issuerRef },
  };
  return { name: challengeName(orderName, spec), spec };
}

/** As Go decodes and writes durations: `90s` becomes `1m30s`. */
function canonical(solver: Solver): Solver {
  const nanos =
    solver.waitInsteadOfSelfCheck === undefined
      ? undefined
      : parseDurationNanos(solver.waitInsteadOfSelfCheck);
  return nanos === undefined ? solver : { ...solver, waitInsteadOfSelfCheck: formatDurationNanos(nanos) };
}

export function challengeName(orderName: string, spec: WantedChallenge['spec']): string {
  return nameAfter(orderName, goStruct({ ...spec, key: '' }, challengeShape));
}

/**
 * What is to be presented: the key authorization, or its digest for DNS-01 (RFC 8555 §8.1, §8.4).
 * @param persistKey for DNS-PERSIST-01, which has no key authorization
 */
export function challengeKey(type: ChallengeType, keyAuthorization: string, persistKey: string): string {
  if (type === 'DNS-PERSIST-01') return persistKey;
  return type === 'DNS-01' ? dns01Value(keyAuthorization) : keyAuthorization;
}

/** The finalizer comes with it: nothing is put in place before its removal is certain (acme.md §7.2). */
export function newChallenge(
  order: Pick<Order, 'metadata'>,
  { name, spec }: WantedChallenge,
  key: string,
): Challenge {
  const { name: owner = '', uid = '', namespace } = order.metadata ?? {};
  return {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    metadata: {
      name,
      namespace,
      ...(isAnsweredHere(spec.solver) ? {} : { finalizers: [challengeFinalizer] }),
      ownerReferences: [
        {
          apiVersion: 'acme.cert-manager.io/v1',
          kind: 'Order',
          name: owner,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { ...spec, key },
  };
}
