/** Credentials for AWS, in the order of acme.md §11: token of a ServiceAccount, static keys, those of the machine; then a role. */

import type { ProviderEnvironment } from '../../provider.ts';
import { sound, type SecretReference } from '../credential.ts';
import { DnsProviderError } from '../errors.ts';
import { ambientCredentials } from '../vendor/load.ts';
import { textAt, type XmlElement } from '../xml.ts';
import { AwsApi, type AwsCredentials } from './aws-api.ts';
import { isRegion, stsAt, type AwsEndpoint } from './partition.ts';

export interface Route53Config {
  auth?: { kubernetes: { serviceAccountRef: { name: string; audiences?: readonly string[] } } };
  accessKeyID?: string;
  accessKeyIDSecretRef?: SecretReference;
  secretAccessKeySecretRef?: SecretReference;
  role?: string;
  hostedZoneID?: string;
  region?: string;
}

const FAILED = 'unable to construct route53 provider:';
const SESSION = 'cert-manager';
const TOKEN_SECONDS = 600;
const AUDIENCES = ['sts.amazonaws.com'];

/** The region of the configuration, unless the machine's credentials are in use and bring their own. May be empty. */
export function regionOf(
  { region = '' }: Route53Config,
  { ambient, environment }: ProviderEnvironment,
): string {
  const own = ambient ? (environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? '') : '';
  const chosen = own === '' ? region : own;
  if (chosen !== '' && !isRegion(chosen))
    throw new DnsProviderError(
      'dns-provider/configuration',
      `"${chosen.slice(0, 60)}" is no AWS region; regions look like eu-central-1`,
    );
  return chosen;
}

/** Where the machine says that a service is instead: the variables of Amazon's own SDKs, for VPC endpoints and tests. */
export function endpointOf(
  service: 'ROUTE_53' | 'STS',
  usual: AwsEndpoint,
  { environment }: ProviderEnvironment,
): AwsEndpoint {
  const url = environment[`AWS_ENDPOINT_URL_${service}`] ?? environment['AWS_ENDPOINT_URL'] ?? '';
  return url === '' ? usual : { ...usual, url: url.replace(/\/+$/u, '') };
}

export async function route53Credentials(
  config: Route53Config,
  environment: ProviderEnvironment,
  signal?: AbortSignal,
): Promise<AwsCredentials> {
  const sts = endpointOf('STS', stsAt(regionOf(config, environment)), environment);
  const role = config.role ?? '';
  const account = config.auth?.kubernetes.serviceAccountRef;
  if (account !== undefined) {
    if (role === '')
      throw credentialsError(`${FAILED} role must be set when web identity token is set`, 'configuration');
    const audiences =
      account.audiences === undefined || account.audiences.length === 0 ? AUDIENCES : account.audiences;
    const token = await environment.serviceAccountToken(account.name, audiences, TOKEN_SECONDS);
    const api = new AwsApi(environment, 'AWS STS', 'sts', sts, undefined, [token]);
    return await assume(api, 'AssumeRoleWithWebIdentity', role, { WebIdentityToken: token }, signal);
  }
  const base = (await staticKeys(config, environment)) ?? (await ambientKeys(environment));
  if (role === '') return base;
  const api = new AwsApi(environment, 'AWS STS', 'sts', sts, base);
  return await assume(api, 'AssumeRole', role, {}, signal);
}

/** Undefined where neither half of a key is configured. */
async function staticKeys(
  config: Route53Config,
  environment: ProviderEnvironment,
): Promise<AwsCredentials | undefined> {
  const { accessKeyID, accessKeyIDSecretRef, secretAccessKeySecretRef } = config;
  if (accessKeyID !== undefined && accessKeyID !== '' && accessKeyIDSecretRef !== undefined)
    throw credentialsError(
      `${FAILED} accessKeyID and accessKeyIDSecretRef exclude each other`,
      'configuration',
    );
  const id =
    accessKeyIDSecretRef === undefined ? (accessKeyID ?? '') : await environment.secret(accessKeyIDSecretRef);
  const key =
    secretAccessKeySecretRef === undefined ? '' : (await environment.secret(secretAccessKeySecretRef)).trim();
  if (id === '' && key === '') return undefined;
  if (id === '' || key === '')
    throw credentialsError(`${FAILED} only one of access and secret key was provided`);
  return {
    accessKeyId: sound(id, 'AWS access key ID'),
    secretAccessKey: sound(key, 'AWS secret access key'),
  };
}

/** Environment, web identity, pod identity, instance metadata, shared files: Amazon's own chain. */
async function ambientKeys(environment: ProviderEnvironment): Promise<AwsCredentials> {
  if (!environment.ambient)
    throw credentialsError(
      `${FAILED} empty credentials; perhaps you meant to enable ambient credentials?`,
      'configuration',
    );
  return await ambientCredentials('aws', (aws) => aws.awsCredentials(environment));
}

async function assume(
  api: AwsApi,
  action: 'AssumeRole' | 'AssumeRoleWithWebIdentity',
  role: string,
  more: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<AwsCredentials> {
  const form = { Action: action, Version: '2011-06-15', RoleArn: role, RoleSessionName: SESSION, ...more };
  let answer: XmlElement;
  try {
    answer = await api.call(
      {
        method: 'POST',
        path: '/',
        body: new URLSearchParams(form).toString(),
        contentType: 'application/x-www-form-urlencoded; charset=utf-8',
      },
      action,
      signal,
    );
  } catch (error) {
    if (!(error instanceof DnsProviderError)) throw error;
    throw new DnsProviderError(error.code, `unable to assume role: ${error.message}`, error);
  }
  const [accessKeyId, secretAccessKey, sessionToken] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map(
    (name) => textAt(answer, `${action}Result`, 'Credentials', name),
  );
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined)
    throw api.unexpected(action, 'there are no credentials in it');
  return { accessKeyId, secretAccessKey, sessionToken };
}

function credentialsError(message: string, kind: 'credentials' | 'configuration' = 'credentials'): Error {
  return new DnsProviderError(`dns-provider/${kind}`, message);
}
