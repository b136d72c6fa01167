/** What a solver is handed for one Challenge, and the time that it gets. */
import type { Challenge } from '../../api/challenge.ts';
import type { Clock } from '../../kube/clock.ts';
import { SolverUnavailableError } from '../../solvers/errors.ts';
import type { AcmeSettings } from '../../solvers/settings.ts';
import type { SolverContext } from '../../solvers/solver.ts';

export function solverContext(
  challenge: Challenge,
  options: { clusterResourceNamespace: string },
  settings: Pick<AcmeSettings, 'ambient'>,
  more: { signal: AbortSignal; accountUri?: string; issuerDomainNames?: readonly string[] },
): SolverContext {
  const { ambient } = settings;
  return {
    challenge,
    resourceNamespace: resourceNamespaceOf(challenge, options),
    ambient: isClusterWide(challenge) ? ambient.clusterIssuers : ambient.issuers,
    signal: more.signal,
    ...(more.accountUri === undefined || more.accountUri === '' ? {} : { accountUri: more.accountUri }),
    ...(more.issuerDomainNames === undefined ? {} : { issuerDomainNames: more.issuerDomainNames }),
  };
}

/** Where the Secrets of its solver are: with the issuer. */
export function resourceNamespaceOf(
  challenge: Challenge,
  { clusterResourceNamespace }: { clusterResourceNamespace: string },
): string {
  return isClusterWide(challenge) ? clusterResourceNamespace : (challenge.metadata?.namespace ?? '');
}

function isClusterWide({ spec }: Challenge): boolean {
  return spec.issuerRef.kind === 'ClusterIssuer';
}

/** Longer than any solver needs that works; a worker is not to be lost to one that does not. */
const longestMs = 3 * 60_000;

/** Runs one call of a solver; what takes too long is told to stop, and counts as a failure. */
export async function withinTime<T>(
  clock: Clock,
  context: SolverContext,
  call: (context: SolverContext) => Promise<T>,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const abort = new AbortController();
  const timer = clock.after(longestMs, () => {
    const error = new SolverUnavailableError(`it took longer than ${longestMs / 1000} s and was given up`);
    abort.abort(error);
    late.reject(error);
  });
  const signal =
    context.signal === undefined ? abort.signal : AbortSignal.any([context.signal, abort.signal]);
  try {
    return await Promise.race([call({ ...context, signal }), late.promise]);
  } finally {
    timer.cancel();
  }
}
