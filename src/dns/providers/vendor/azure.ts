/** The identity of this machine at Azure: workload identity where its token file is named, else managed identity. */

import {
  ManagedIdentityCredential,
  WorkloadIdentityCredential,
  type TokenCredential,
  type WorkloadIdentityCredentialOptions,
} from '@azure/identity';

import type { ProviderEnvironment, ProviderHttp } from '../../provider.ts';

export interface AzureIdentity {
  readonly clientID?: string | undefined;
  readonly resourceID?: string | undefined;
  readonly tenantID?: string | undefined;
}

type Client = NonNullable<WorkloadIdentityCredentialOptions['httpClient']>;
type Answer = Awaited<ReturnType<Client['sendRequest']>>;

/** @param authorityHost where the cloud's users log in, such as https://login.microsoftonline.com */
export async function azureToken(
  environment: ProviderEnvironment,
  identity: AzureIdentity,
  authorityHost: string,
  scope: string,
  signal?: AbortSignal,
): Promise<string> {
  const credential = credentialOf(environment, identity, authorityHost);
  const token = await credential.getToken(scope, signal === undefined ? {} : { abortSignal: signal });
  if (token === null) throw new Error('the identity gives no token');
  return token.token;
}

function credentialOf(
  { environment, http }: ProviderEnvironment,
  { clientID, resourceID, tenantID }: AzureIdentity,
  authorityHost: string,
): TokenCredential {
  const httpClient = through(http);
  const file = environment['AZURE_FEDERATED_TOKEN_FILE'] ?? '';
  if (file !== '')
    return new WorkloadIdentityCredential({
      tokenFilePath: file,
      ...present('clientId', clientID ?? environment['AZURE_CLIENT_ID']),
      ...present('tenantId', tenantID ?? environment['AZURE_TENANT_ID']),
      authorityHost,
      // It would ask Microsoft's public cloud whether this host is one of its own.
      disableInstanceDiscovery: true,
      httpClient,
    });
  if (resourceID !== undefined && resourceID !== '')
    return new ManagedIdentityCredential({ resourceId: resourceID, httpClient });
  return new ManagedIdentityCredential({ ...present('clientId', clientID), httpClient });
}

function present(name: string, value: string | undefined): Record<string, string> {
  return value === undefined || value === '' ? {} : { [name]: value };
}

/** Requests of the package over the HTTP of the process, with its proxies, trust and bounds. */
function through(http: ProviderHttp): Client {
  return {
    sendRequest: async (request) => {
      const { status, headers, body } = await http.request({
        method: request.method,
        url: request.url,
        headers: request.headers.toJSON(),
        ...(typeof request.body === 'string' && { body: request.body }),
      });
      return { request, status, headers: vendorHeaders(headers), bodyAsText: body };
    },
  };
}

/** What the package reads headers with. */
function vendorHeaders(from: Readonly<Record<string, string | undefined>>): Answer['headers'] {
  const all = new Headers();
  for (const [name, value] of Object.entries(from)) if (value !== undefined) all.set(name, value);
  return {
    get: (name) => all.get(name) ?? undefined,
    has: (name) => all.has(name),
    set: (name, value) => all.set(name, String(value)),
    delete: (name) => all.delete(name),
    toJSON: () => Object.fromEntries(all),
    [Symbol.iterator]: () => all.entries(),
  };
}
