/** Builds what an issuer type may touch (IssuerContext) from a Kubernetes client, in one place for all callers. */
import type { Secret } from '../api/core.ts';
import { secrets } from '../api/resources.ts';
import type { KubeClient } from '../kube/client.ts';
import { NotFoundError } from '../kube/errors.ts';
import type { AnyIssuer, IssuerContext } from './issuer.ts';

export interface IssuerContextSource {
  client: KubeClient;
  /** Where the Secrets of ClusterIssuers live. */
  clusterResourceNamespace: string;
  now(): Date;
  /** See IssuerContext.secretVersion. */
  secretVersion?(namespace: string, name: string): string | undefined;
}

/** The context of one issuer. Cheap: make one per use. */
export function issuerContext(source: IssuerContextSource, issuer: AnyIssuer): IssuerContext {
  const context: IssuerContext = {
    issuer,
    // Objects from a list carry no kind, so the namespace tells an Issuer from a ClusterIssuer.
    resourceNamespace: issuer.metadata?.namespace ?? source.clusterResourceNamespace,
    now: () => source.now(),
    readSecret: async (namespace, name) => {
      try {
        return await source.client.get<Secret>(secrets, { namespace, name });
      } catch (error) {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      }
    },
  };
  if (source.secretVersion !== undefined) {
    const versionOf = source.secretVersion.bind(source);
    context.secretVersion = (namespace, name) => versionOf(namespace, name);
  }
  return context;
}
