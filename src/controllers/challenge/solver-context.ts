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
  const clusterWide = challenge.spec.issuerRef.kind === 'ClusterIssuer';
  const { ambient } = settings;
  return {
    challenge,
    resourceNamespace: clusterWide ? options.clusterResourceNamespace : (challenge.metadata?.namespace ?? ''),
    ambient: clusterWide ? ambient.clusterIssuers : ambient.issuers,
    signal: more.signal,
    ...(more.accountUri === undefined || more.accountUri === '' ? {} : { accountUri: more.accountUri }),
    ...(more.issuerDomainNames === undefined ? {} : { issuerDomainNames: more.issuerDomainNames }),
  };
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
