/** The HTTP-01 solver (RFC 8555 §8.3, spec/acme.md §8): solver Pods, the resident solver, or a listener, and the check of them. */
import type { Challenge } from '../../api/challenge.ts';
import { ForbiddenError, KubeError } from '../../kube/errors.ts';
import { SolverError, SolverReferenceError, SolverUnavailableError } from '../errors.ts';
import type { CheckResult, Solver } from '../solver.ts';
import { gatewayTarget, ingressTarget, type RouteTarget } from './check/route-target.ts';
import { selfCheck, type Behind } from './check/self-check.ts';
import { cleanUp } from './clean-up.ts';
import type { Http01Deps } from './http01-deps.ts';
import { kindsOf, present, type Presented } from './present.ts';
import { findOwn } from './solver-objects.ts';

/** Challenges whose route is remembered between presenting and checking; more are looked up again. */
const mostRemembered = 10_000;

export function createHttp01Solver(deps: Http01Deps): Solver {
  /** By the UID of the Challenge: what `present` has just read need not be read again. */
  const presented = new Map<string, Presented>();
  /** Of Gateways, which cost a read each, once they have an address. */
  const targets = new Map<string, RouteTarget>();

  const forget = (challenge: Challenge): void => {
    presented.delete(uidOf(challenge));
    targets.delete(uidOf(challenge));
  };
  const put = async (challenge: Challenge, signal?: AbortSignal): Promise<Presented> => {
    const done = await present(deps, challenge, signal);
    if (presented.size >= mostRemembered) {
      presented.clear();
      targets.clear();
    }
    presented.set(uidOf(challenge), done);
    return done;
  };
  const route = async (
    challenge: Challenge,
    done: Presented,
    signal?: AbortSignal,
  ): Promise<RouteTarget | undefined> => {
    if (done.ingress !== undefined) return ingressTarget(done.ingress);
    if (done.route === undefined) return undefined;
    const known = targets.get(uidOf(challenge));
    if (known !== undefined) return known;
    const target = await gatewayTarget(deps.client, done.route, signal);
    if (target.hosts.length > 0) targets.set(uidOf(challenge), target);
    return target;
  };

  return {
    present: ({ challenge, signal }) =>
      speaking(async () => {
        await put(challenge, signal);
      }),

    check: ({ challenge, signal }): Promise<CheckResult> =>
      speaking(async () => {
        const done = presented.get(uidOf(challenge)) ?? (await put(challenge, signal));
        const target = await route(challenge, done, signal);
        const behind: Behind = {
          ...(await answererOf(deps, challenge, done, signal)),
          ...(target === undefined ? {} : { route: target }),
        };
        return selfCheck(deps, challenge, behind, signal);
      }),

    cleanUp: ({ challenge, signal }) =>
      speaking(async () => {
        forget(challenge);
        await cleanUp(deps, challenge, signal);
      }),
  };
}

/** The Pod as it is now: it gets its address after it was made. */
async function answererOf(
  deps: Http01Deps,
  challenge: Challenge,
  { way }: Presented,
  signal?: AbortSignal,
): Promise<Behind> {
  if (way === 'Pod') {
    const reach = { client: deps.client, challenge, ...(signal === undefined ? {} : { signal }) };
    return { pod: (await findOwn(kindsOf(deps).pods, reach))[0] ?? null };
  }
  const address = deps.responder?.http01Address;
  if (address === undefined) return {};
  // Listening on every address: the one of this machine will do.
  const everywhere: Readonly<Record<string, string>> = {
    '': '127.0.0.1',
    '0.0.0.0': '127.0.0.1',
    '::': '::1',
  };
  return { listener: { address: everywhere[address.host] ?? address.host, port: address.port } };
}

/** The contract is a SolverError; the API server's errors say what is missing. */
async function speaking<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof SolverError || !(error instanceof KubeError)) throw error;
    if (error instanceof ForbiddenError)
      throw new SolverReferenceError(
        `${error.message}. Where rights are missing, certwright rbac prints the roles; where a quota or Pod security refuses solver Pods, the resident solver needs none (responder: Resident)`,
        error,
      );
    if (error.retryable)
      throw new SolverUnavailableError(error.message, {
        cause: error,
        ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
      });
    throw new SolverReferenceError(error.message, error);
  }
}

function uidOf({ metadata }: Challenge): string {
  return metadata?.uid ?? '';
}
