/** Which issuer an operator means, where its account key is, and a client for its account. */
import type { AcmeClient } from '../../../acme/acme-client.ts';
import { AcmeConfigurationError } from '../../../acme/errors.ts';
import type { Secret } from '../../../api/core.ts';
import { clusterIssuers, issuers, secrets } from '../../../api/resources.ts';
import type { IssuerReference } from '../../../api/issuer-reference.ts';
import { accountKeyIn, accountKeyReference, type AccountKey } from '../../../issuers/acme/account-key.ts';
import type { AnyIssuer } from '../../../issuers/issuer.ts';
import { NotFoundError } from '../../../kube/errors.ts';
import { PkiError } from '../../../pki/errors.ts';
import { CliError, exitCodes, UsageError } from '../../errors.ts';
import type { Cluster } from './cluster.ts';

export interface FoundIssuer {
  issuer: AnyIssuer;
  /** `ClusterIssuer letsencrypt`, `Issuer shop/letsencrypt`. */
  title: string;
  /** Where its Secrets are. */
  resourceNamespace: string;
}

export interface FoundAccount extends FoundIssuer {
  secret: Secret;
  entry: string;
  key: AccountKey;
}

/** @param name `clusterissuer/NAME`, `issuer/NAME`, or a name that only one of the two has */
export async function findIssuer(cluster: Cluster, name: string): Promise<FoundIssuer> {
  const [, kind = '', plain = ''] = /^(?:(clusterissuer|issuer)s?\/)?([^/]+)$/iu.exec(name) ?? [];
  if (plain === '') throw new UsageError('<issuer>', name, 'write clusterissuer/NAME, issuer/NAME or NAME');
  const wanted = kind.toLowerCase();
  const { namespace } = cluster;
  const [own, wide] = await Promise.all([
    wanted === 'clusterissuer'
      ? undefined
      : orMissing(cluster.client.get<AnyIssuer>(issuers, { namespace, name: plain })),
    wanted === 'issuer'
      ? undefined
      : orMissing(cluster.client.get<AnyIssuer>(clusterIssuers, { name: plain })),
  ]);
  if (own !== undefined && wide !== undefined)
    throw new UsageError(
      '<issuer>',
      name,
      `there is an Issuer of that name in namespace ${namespace} and a ClusterIssuer: write issuer/${plain} or clusterissuer/${plain}`,
    );
  const issuer = own ?? wide;
  if (issuer === undefined)
    throw failed(
      `there is no ${wanted === 'clusterissuer' ? '' : `Issuer ${plain} in namespace ${namespace}`}${wanted === '' ? ' and no ' : ''}${wanted === 'issuer' ? '' : `ClusterIssuer ${plain}`}${wanted === 'clusterissuer' ? '' : ' (--namespace chooses another namespace)'}`,
    );
  const title = own === undefined ? `ClusterIssuer ${plain}` : `Issuer ${namespace}/${plain}`;
  if (issuer.spec.acme === undefined)
    throw failed(`${title} is no ACME issuer: it has no spec.acme, and so no account`);
  return {
    issuer,
    title,
    resourceNamespace: own === undefined ? cluster.clusterResourceNamespace : namespace,
  };
}

/** The issuer that a Certificate names. */
export function issuerOf(
  cluster: Cluster,
  { name, kind = 'Issuer', group = '' }: IssuerReference,
  namespace: string,
): Promise<FoundIssuer> {
  if (group !== '' && group !== 'cert-manager.io')
    throw failed(`${kind} ${name} belongs to ${group}: what it signed is revoked there`);
  return findIssuer(
    { ...cluster, namespace },
    `${kind === 'ClusterIssuer' ? 'clusterissuer' : 'issuer'}/${name}`,
  );
}

export async function findAccount(cluster: Cluster, found: FoundIssuer): Promise<FoundAccount> {
  const { issuer, title, resourceNamespace: namespace } = found;
  const { name, entry } = accountKeyReference(issuer);
  const secret = await orMissing(cluster.client.get<Secret>(secrets, { namespace, name }));
  if (secret === undefined)
    throw failed(
      `the account key of ${title} is not there: no Secret ${namespace}/${name}${issuer.metadata?.namespace === undefined ? ' (--cluster-resource-namespace says where the Secrets of ClusterIssuers are)' : ''}`,
    );
  let key: AccountKey | undefined;
  try {
    key = accountKeyIn(secret, entry);
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    throw failed(`entry ${entry} of Secret ${namespace}/${name} is no account key: ${error.message}`, error);
  }
  if (key === undefined) throw failed(`Secret ${namespace}/${name} has no entry ${entry}`);
  return { ...found, secret, entry, key };
}

/** `accountUrl` absent: the CA is asked for the account by its key. Whoever opens it closes it. */
export function openAccount(
  cluster: Cluster,
  { issuer }: FoundIssuer,
  pem: string,
  accountUrl?: string,
): AcmeClient {
  const { server = '', caBundle = '', skipTLSVerify = false } = issuer.spec.acme ?? {};
  try {
    return cluster.open({
      server,
      privateKey: pem,
      skipTLSVerify,
      ...(caBundle === '' ? {} : { caBundle: Buffer.from(caBundle, 'base64').toString('utf8') }),
      ...(accountUrl === undefined ? {} : { accountUrl }),
    });
  } catch (error) {
    if (!(error instanceof AcmeConfigurationError)) throw error;
    throw failed(error.message, error);
  }
}

export function failed(message: string, cause?: unknown): CliError {
  return new CliError('cli/acme', exitCodes.failed, message, cause);
}

export async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
