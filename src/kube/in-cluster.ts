/** The API server as seen from inside a pod: the service's environment and the mounted service account. */
import { join } from 'node:path';
import { tokenFile } from './auth/token-file.ts';
import type { Clock } from './clock.ts';
import type { Endpoint } from './connect.ts';
import { ConfigurationError } from './errors.ts';
import type { Host } from './host.ts';

const mount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @throws ConfigurationError outside a pod */
export function inClusterEndpoint(host: Host, clock: Clock): Endpoint {
  const address = host.env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = host.env['KUBERNETES_SERVICE_PORT'] ?? '';
  if (address === '' || port === '')
    throw new ConfigurationError(
      'not inside a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; name a kubeconfig instead',
    );
  const hostname = address.includes(':') ? `[${address}]` : address;
  return {
    server: `https://${hostname}:${port}`,
    // Read for every new connection: the cluster's CA bundle is replaced when it is rotated.
    tls: async () => ({ ca: await host.readFile(join(mount, 'ca.crt')) }),
    auth: tokenFile(join(mount, 'token'), host, clock),
  };
}
