/** Access tokens for Azure's management API: by client secret (RFC 6749 §4.4), else by the identity of the machine. */

import type { ProviderEnvironment } from '../../provider.ts';
import { credential, sound, type SecretReference } from '../credential.ts';
import { DnsProviderError } from '../errors.ts';
import { asObject, asText, parsed } from '../json-value.ts';
import { ProviderApi, succeeded } from '../provider-api.ts';
import { ambientCredentials } from '../vendor/load.ts';

export interface AzureDnsConfig {
  subscriptionID: string;
  resourceGroupName: string;
  hostedZoneName?: string;
  environment?: string;
  zoneType?: string;
  clientID?: string;
  clientSecretSecretRef?: SecretReference;
  tenantID?: string;
  managedIdentity?: { clientID?: string; resourceID?: string; tenantID?: string };
}

interface AzureCloud {
  readonly management: string;
  readonly login: string;
}

const CLOUDS: Readonly<Record<string, AzureCloud>> = {
  AzurePublicCloud: {
    management: 'https://management.azure.com',
    login: 'https://login.microsoftonline.com',
  },
  AzureChinaCloud: {
    management: 'https://management.chinacloudapi.cn',
    login: 'https://login.chinacloudapi.cn',
  },
  AzureUSGovernmentCloud: {
    management: 'https://management.usgovcloudapi.net',
    login: 'https://login.microsoftonline.us',
  },
};

/** @throws DnsProviderError for AzureGermanCloud, which was closed in 2021 and which the API still admits */
export function cloudOf({ environment = '' }: AzureDnsConfig): AzureCloud {
  const name = environment === '' ? 'AzurePublicCloud' : environment;
  const cloud = Object.hasOwn(CLOUDS, name) ? CLOUDS[name] : undefined;
  if (cloud === undefined)
    throw new DnsProviderError('dns-provider/configuration', `unknown cloud configuration name: ${name}`);
  return cloud;
}

export async function azureLogin(
  config: AzureDnsConfig,
  environment: ProviderEnvironment,
  signal?: AbortSignal,
): Promise<{ token: string; secrets: readonly string[] }> {
  const cloud = cloudOf(config);
  const { clientID = '', tenantID = '', clientSecretSecretRef, managedIdentity } = config;
  const scope = `${cloud.management}/.default`;
  if (clientID !== '' || tenantID !== '' || clientSecretSecretRef !== undefined) {
    if (clientID === '' || tenantID === '' || clientSecretSecretRef === undefined)
      throw new DnsProviderError(
        'dns-provider/configuration',
        'azureDNS needs clientID, clientSecretSecretRef and tenantID together, or none of them',
      );
    if (managedIdentity !== undefined)
      throw new DnsProviderError(
        'dns-provider/configuration',
        'azureDNS.managedIdentity and a service principal (clientID, clientSecretSecretRef, tenantID) exclude each other',
      );
    const secret = await credential(environment, clientSecretSecretRef, 'Azure client secret');
    const token = await byClientSecret(environment, cloud, { clientID, tenantID, secret, scope }, signal);
    return { token, secrets: [secret] };
  }
  if (!environment.ambient)
    throw new DnsProviderError(
      'dns-provider/configuration',
      'ClientID was omitted without providing one of `--cluster-issuer-ambient-credentials` or `--issuer-ambient-credentials`. These are necessary to enable Azure Managed Identities',
    );
  const token = await ambientCredentials(
    'azure',
    (azure) => azure.azureToken(environment, managedIdentity ?? {}, cloud.login, scope, signal),
    signal,
  );
  return { token: sound(token, 'Azure access token'), secrets: [] };
}

async function byClientSecret(
  environment: ProviderEnvironment,
  cloud: AzureCloud,
  {
    clientID,
    tenantID,
    secret,
    scope,
  }: { clientID: string; tenantID: string; secret: string; scope: string },
  signal: AbortSignal | undefined,
): Promise<string> {
  const api = new ProviderApi(environment, 'Azure', [secret, encodeURIComponent(secret)]);
  const doing = `the login of client ${clientID}`;
  const answer = await api.send({
    method: 'POST',
    url: `${cloud.login}/${encodeURIComponent(tenantID)}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientID,
      client_secret: secret,
      scope,
    }).toString(),
    signal,
  });
  if (!succeeded(answer)) {
    const { error, error_description } = asObject(parsed(answer.body));
    // The description goes on with ids and a time, from its second sentence or line on.
    const words = (asText(error_description) ?? '').split(/ Trace ID:|\r?\n/u)[0] ?? '';
    const failure = api.failure(doing, answer, words, asText(error) ?? '');
    // OAuth says 400 to unknown clients and tenants (RFC 6749 §5.2).
    throw answer.status === 400
      ? new DnsProviderError('dns-provider/denied', failure.message, failure)
      : failure;
  }
  const token = asText(api.read(answer, doing)['access_token']);
  if (token === undefined) throw api.unexpected(doing, 'there is no access_token');
  return sound(token, 'Azure access token');
}
