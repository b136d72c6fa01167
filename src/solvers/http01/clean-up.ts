/** Takes away what was made for a Challenge. What is gone already is no error, and nothing of others is touched. */
import type { Challenge } from '../../api/challenge.ts';
import { ingresses } from '../../api/networking.ts';
import type { Ingress } from '../../api/routes.ts';
import type { KubeObject } from '../../api/meta.ts';
import { MethodNotAllowedError, NotFoundError } from '../../kube/errors.ts';
import type { Http01Deps } from './http01-deps.ts';
import { kindsOf } from './present.ts';
import { withoutSolverPath } from './solver-ingress.ts';
import { deleteAll, findOwn, replace, type Reach, type SolverKind } from './solver-objects.ts';

/** Everything is tried, also when one part fails; rejects with the first failure. */
export async function cleanUp(deps: Http01Deps, challenge: Challenge, signal?: AbortSignal): Promise<void> {
  const { ingress, gatewayHTTPRoute } = challenge.spec.solver.http01 ?? {};
  const reach: Reach = { client: deps.client, challenge, ...(signal === undefined ? {} : { signal }) };
  const kinds = kindsOf(deps);
  const steps: Promise<void>[] = [forget(deps, challenge)];
  if (deps.settings.inCluster && (ingress !== undefined || gatewayHTTPRoute !== undefined)) {
    // Both ways of answering, for a Challenge that was begun under another flag.
    steps.push(remove(kinds.pods, reach), remove(kinds.services, reach));
    steps.push(remove(kinds.endpointSlices, reach));
    if (gatewayHTTPRoute !== undefined) steps.push(remove(kinds.httpRoutes, reach));
    else if ((ingress?.name ?? '') === '') steps.push(remove(kinds.ingresses, reach));
    else steps.push(restoreIngress(reach, ingress?.name ?? ''));
  }
  const ends = await Promise.allSettled(steps);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function forget({ responder }: Http01Deps, { metadata, spec }: Challenge): Promise<void> {
  if (responder === undefined) return;
  const { answers } = responder;
  answers.delete(metadata?.uid ?? '');
  // A Challenge that took the place of this one may answer with the same file.
  if (answers.isAnswered(spec.token, spec.key)) return;
  await responder.http01Outlet.remove(spec.token, spec.key);
}

async function remove<T extends KubeObject>(kind: SolverKind<T>, reach: Reach): Promise<void> {
  try {
    await deleteAll(kind.type, await findOwn(kind, reach), reach);
  } catch (error) {
    // A server that does not serve the kind (the Gateway API was taken out) has none of it.
    if (!(error instanceof NotFoundError || error instanceof MethodNotAllowedError)) throw error;
  }
}

async function restoreIngress(reach: Reach, name: string): Promise<void> {
  const { client, challenge, signal } = reach;
  try {
    const key = { namespace: challenge.metadata?.namespace ?? '', name };
    const ingress = await client.get<Ingress>(ingresses, key, signal);
    const restored = withoutSolverPath(ingress, challenge);
    if (restored !== undefined) await replace({ type: ingresses }, reach, restored);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
}
