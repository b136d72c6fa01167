/** Builds what an issuer type may touch (IssuerContext) from a Kubernetes client, in one place for all callers. */
import type { Secret } from '../api/core.ts';
import { filteredSecret } from '../api/labels.ts';
import { secrets } from '../api/resources.ts';
import type { KubeClient } from '../kube/client.ts';
import { NotFoundError } from '../kube/errors.ts';
import type { AcmeSurroundings } from './acme/surroundings.ts';
import type { AnyIssuer, IssuerContext } from './issuer.ts';

export interface IssuerContextSource {
  client: KubeClient;
  /** Where the Secrets of ClusterIssuers live. */
  clusterResourceNamespace: string;
  now(): Date;
  /** See IssuerContext.secretVersion. */
  secretVersion?(namespace: string, name: string): string | undefined;
  /** See IssuerContext.acme. */
  acme?: AcmeSurroundings;
}

/**
 * A Secret that carries the cache label with another value than `true` is in no cache (lifecycle §3). It counts as not
 * there: no watch would tell of its changes, so nobody who depends on it would ever be woken.
 */
function isHidden(secret: Secret): boolean {
  const value = secret.metadata?.labels?.[filteredSecret];
  return value !== undefined && value !== 'true';
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
        const secret = await source.client.get<Secret>(secrets, { namespace, name });
        return isHidden(secret) ? undefined : secret;
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
  if (source.acme !== undefined) context.acme = source.acme;
  return context;
}
