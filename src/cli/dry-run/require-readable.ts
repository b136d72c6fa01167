/** A dry run needs every cache: what is not served or may not be read is said at once instead of being waited for. */
import {
  certificateRequests,
  certificates,
  clusterIssuers,
  issuers,
  secrets,
  type ResourceType,
} from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ForbiddenError, NotFoundError } from '../../kube/errors.ts';
import { EnvironmentError } from '../errors.ts';

/** @throws EnvironmentError that names what is missing and what to do; KubeError where the API cannot be asked */
export async function requireReadable(
  client: KubeClient,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const wanted = [certificates, certificateRequests, issuers, secrets];
  // Whoever serves one namespace reads nothing that is cluster-scoped.
  if (namespace === undefined) wanted.push(clusterIssuers);
  const [absent, forbidden]: [string[], string[]] = [[], []];
  const look = async (type: ResourceType): Promise<void> => {
    const name = type.group === '' ? type.plural : `${type.plural}.${type.group}`;
    const space = type.namespaced ? namespace : undefined;
    try {
      await client.list(type, { namespace: space, limit: 1, metadataOnly: true, signal });
    } catch (error) {
      if (error instanceof NotFoundError) absent.push(name);
      else if (error instanceof ForbiddenError) forbidden.push(name);
      else throw error;
    }
  };
  await Promise.all(wanted.map(look));
  const problems: string[] = [];
  if (absent.length > 0)
    problems.push(
      `the API does not serve ${absent.toSorted().join(', ')}: install the definitions (kubectl apply --server-side -f deploy/crds), or name the cluster that has them with --context`,
    );
  if (forbidden.length > 0)
    problems.push(
      `this user may not list ${forbidden.toSorted().join(', ')} in ${namespace === undefined ? 'all namespaces' : `namespace ${namespace}`}: \`certwright rbac\` prints the rights, and --namespace looks at one namespace only`,
    );
  if (problems.length > 0)
    throw new EnvironmentError(
      'cli/not-readable',
      `nothing can be said in a dry run: ${problems.join('; ')}`,
    );
}
