/** What a provider may touch for one Challenge: Secrets and ServiceAccounts of its issuer's namespace, and nothing else. */
import type { Secret } from '../../api/core.ts';
import type { KubeObject } from '../../api/meta.ts';
import { secrets } from '../../api/resources.ts';
import { DnsProviderError } from '../../dns/providers/errors.ts';
import type { ProviderEnvironment } from '../../dns/provider.ts';
import { pause } from '../../kube/clock.ts';
import { KubeError } from '../../kube/errors.ts';
import type { SolverContext } from '../solver.ts';
import type { Dns01Deps } from './deps.ts';

/** As Kubernetes names Secrets and ServiceAccounts (RFC 1123 subdomain). */
const objectName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/u;

export function providerEnvironment(
  deps: Dns01Deps,
  context: Pick<SolverContext, 'resourceNamespace' | 'ambient' | 'signal'>,
  servers: readonly string[],
): ProviderEnvironment {
  const namespace = context.resourceNamespace;
  const { signal } = context;
  return {
    async secret({ name, key = '' }) {
      const what = `Secret ${namespace}/${name}`;
      if (!objectName.test(name))
        throw unusable(`the solver names a Secret ${JSON.stringify(name.slice(0, 100))}, which cannot exist`);
      const secret = await read(
        what,
        deps.client.get<Secret & KubeObject>(secrets, { namespace, name }, signal),
      );
      if (key === '') throw unusable(`the solver does not say which entry of ${what} it means: set key`);
      const { data = {} } = secret;
      // Every object has a constructor; no Secret has that entry by itself.
      const encoded = Object.hasOwn(data, key) ? data[key] : undefined;
      if (encoded === undefined)
        throw unusable(`${what} has no entry ${JSON.stringify(key.slice(0, 100))} that the solver asks for`);
      return Buffer.from(encoded, 'base64').toString('utf8');
    },

    async serviceAccountToken(name, audiences, expirationSeconds) {
      if (!deps.settings.inCluster)
        throw new DnsProviderError(
          'dns-provider/configuration',
          'tokens of ServiceAccounts exist in a cluster only; give the provider credentials in a Secret',
        );
      const what = `ServiceAccount ${namespace}/${name}`;
      if (!objectName.test(name))
        throw unusable(
          `the solver names a ServiceAccount ${JSON.stringify(name.slice(0, 100))}, which cannot exist`,
        );
      const answer = await read(
        `a token of ${what}`,
        deps.transport.request({
          method: 'POST',
          path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(name)}/token`,
          body: JSON.stringify({
            apiVersion: 'authentication.k8s.io/v1',
            kind: 'TokenRequest',
            spec: { audiences, expirationSeconds },
          }),
          idempotent: true,
          purpose: { verb: 'create', resource: 'serviceaccounts/token' },
          ...(signal === undefined ? {} : { signal }),
        }),
      );
      const token = tokenOf(answer.body);
      if (token === undefined) throw unusable(`the API server gave no token for ${what}`);
      return token;
    },

    ambient: context.ambient,
    environment: context.ambient ? deps.environment : {},
    zoneOf: (fqdn) => deps.zones.findZone(fqdn, { servers, ...(signal === undefined ? {} : { signal }) }),
    http: deps.http,
    now: () => deps.clock.now(),
    wait: (ms, ending) => pause(deps.clock, ms, ending),
    programs: deps.settings.dns.programs,
  };
}

/** What the API server says no to is a matter of the credentials, for whoever reads the status. */
async function read<T>(what: string, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.code === 'kube/not-found') throw unusable(`${what} does not exist`, error);
    if (error.code === 'kube/forbidden') throw unusable(`the controller may not read ${what}`, error);
    throw new DnsProviderError('dns-provider/unavailable', `${what} could not be read: ${error.message}`, {
      cause: error,
      ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    });
  }
}

function unusable(message: string, cause?: unknown): DnsProviderError {
  return new DnsProviderError('dns-provider/credentials', message, { cause });
}

function tokenOf(body: Buffer): string | undefined {
  try {
    const answer = JSON.parse(body.toString('utf8')) as { status?: { token?: unknown } } | null;
    const token = answer?.status?.token;
    return typeof token === 'string' && token !== '' ? token : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
