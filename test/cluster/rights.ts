/** Rights take effect some time after they are written: whoever grants one waits here before it is used. */
import type { ClusterAccess } from '../../tools/apiserver/access.ts';
import { until } from './until.ts';

export interface Right {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** Asks the API server's authorizer, as the administrator, until it says yes. */
export async function untilAllowed(
  cluster: Pick<ClusterAccess, 'ask'>,
  user: string,
  ...rights: readonly Right[]
): Promise<void> {
  for (const resourceAttributes of rights)
    await until(`${user} may ${JSON.stringify(resourceAttributes)}`, async () => {
      const { body } = await cluster.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user, resourceAttributes },
      });
      return (JSON.parse(body) as { status?: { allowed?: boolean } }).status?.allowed === true;
    });
}
