/** Reads one Secret, taking "there is none" for an answer. */
import type { Secret } from '../../api/core.ts';
import { secrets } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { NotFoundError } from '../../kube/errors.ts';

export async function readSecret(
  client: KubeClient,
  namespace: string,
  name: string,
): Promise<Secret | undefined> {
  try {
    return await client.get<Secret>(secrets, { namespace, name });
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
