/** `certwright acme account show`: the account as the CA sees it, and the key behind it. */
import { createPrivateKey } from 'node:crypto';
import { AcmeError } from '../../../acme/errors.ts';
import { exitCodes } from '../../errors.ts';
import type { Surroundings } from '../../program.ts';
import { pendingKeyIn } from '../../../issuers/acme/key-rollover.ts';
import type { Cluster } from './cluster.ts';
import { findAccount, findIssuer, openAccount } from './find-issuer.ts';
import { aligned, print, type AnswerFormat } from './print.ts';

/** Exit code 1: the account cannot be used, or the CA does not say. */
export async function showAccount(
  cluster: Cluster,
  name: string,
  format: AnswerFormat,
  out: Surroundings['out'],
): Promise<number> {
  const found = await findAccount(cluster, await findIssuer(cluster, name));
  const { issuer, title, secret, entry, key } = found;
  const client = openAccount(cluster, found, key.pem);
  try {
    const { signal } = cluster;
    const ready = issuer.status?.conditions?.find(({ type }) => type === 'Ready');
    const known = issuer.status?.acme?.uri;
    const account = await client.findAccount({ signal }).catch(problemOf);
    const directory = await client.directory({ signal }).catch(problemOf);
    const isAnswer = !('problem' in account);
    const facts = {
      issuer: title,
      server: issuer.spec.acme?.server,
      ready: ready?.status === 'True',
      ...(ready?.status === 'True' ? {} : { message: ready?.message ?? 'it was not checked yet' }),
      ...(isAnswer ? { url: account.url, status: account.status, contact: account.contact } : account),
      key: {
        secret: `${secret.metadata?.namespace}/${secret.metadata?.name}`,
        entry,
        type: keyType(key.pem),
        thumbprint: client.thumbprint,
        beingChanged: pendingKeyIn(secret, entry) !== undefined,
      },
      ...('problem' in directory
        ? {}
        : {
            terms: directory.termsOfService,
            externalAccountRequired: directory.externalAccountRequired,
            profiles: Object.keys(directory.profiles ?? {}),
            keyChange: directory.keyChange !== undefined,
          }),
    };
    const strange =
      isAnswer && known !== undefined && known !== account.url ? `; the issuer's status names ${known}` : '';
    print(
      out,
      format,
      facts,
      aligned([
        ['Issuer', `${title}${facts.ready ? '' : `, not Ready: ${facts.message}`}`],
        ['Server', facts.server],
        ['Account', isAnswer ? `${account.url}${strange}` : account.problem],
        ['Status', isAnswer ? account.status : undefined],
        ['Contact', isAnswer ? account.contact.join(', ') || 'none' : undefined],
        [
          'Key',
          `${facts.key.type}, Secret ${facts.key.secret} entry ${entry}${facts.key.beingChanged ? '; a change was begun and not ended: run rollover again' : ''}`,
        ],
        ['Thumbprint', client.thumbprint],
        ['Terms', facts.terms],
        ['Profiles', facts.profiles?.join(', ')],
      ]),
    );
    return isAnswer && account.status === 'valid' ? exitCodes.ok : exitCodes.failed;
  } finally {
    await client.close();
  }
}

function problemOf(error: unknown): { problem: string } {
  if (error instanceof AcmeError) return { problem: error.message };
  throw error;
}

export function keyType(pem: string): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPrivateKey(pem);
  if (type === 'rsa') return `RSA ${details?.modulusLength ?? ''}`;
  return type === 'ec' ? `ECDSA ${curveName(details?.namedCurve ?? '')}` : 'Ed25519';
}

/** As JWK and the API of issuers call it (RFC 7518 §6.2.1.1), not as OpenSSL does. */
function curveName(name: string): string {
  const names: Readonly<Record<string, string>> = {
    prime256v1: 'P-256',
    secp384r1: 'P-384',
    secp521r1: 'P-521',
  };
  return names[name] ?? name;
}
