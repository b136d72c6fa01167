/** Proxies by the variables that curl and Go read. */
import type { ProxySettings } from '../../acme/create-client.ts';

export function proxyOf(environment: Readonly<Record<string, string | undefined>>): ProxySettings {
  // An empty one counts as absent, as it does for Go (http.ProxyFromEnvironment).
  const variable = (name: string): string | undefined => environment[name] || environment[name.toLowerCase()];
  return { https: variable('HTTPS_PROXY'), http: variable('HTTP_PROXY'), none: variable('NO_PROXY') };
}
