/**
 * `certwright acme account rollover`: gives an account another key (RFC 8555 §7.3.5). Whatever ends it between two steps,
 * running it again, or waiting for the controller, brings it to its end: no step needs to know whether the last one was made.
 */
import type { AcmeClient } from '../../../acme/acme-client.ts';
import { AcmeError, AcmeProblemError } from '../../../acme/errors.ts';
import type { Secret } from '../../../api/core.ts';
import { clusterIssuers, issuers, secrets } from '../../../api/resources.ts';
import { fingerprintOf } from '../../../issuers/acme/account-key.ts';
import {
  abandonRollover,
  beginRollover,
  finishRollover,
  hasTaken,
  pendingKeyIn,
  type SecretChange,
} from '../../../issuers/acme/key-rollover.ts';
import type { AnyIssuer } from '../../../issuers/issuer.ts';
import { pause } from '../../../kube/clock.ts';
import { ConflictError } from '../../../kube/errors.ts';
import { decodePrivateKey, encodePrivateKey, generateKey, type KeyRequest } from '../../../pki/keys.ts';
import { exitCodes } from '../../errors.ts';
import type { Surroundings } from '../../program.ts';
import { keyType } from './account-show.ts';
import type { Cluster } from './cluster.ts';
import { failed, findAccount, findIssuer, openAccount, type FoundAccount } from './find-issuer.ts';
import { aligned, print, type AnswerFormat } from './print.ts';

export interface RolloverOptions {
  key: KeyRequest;
  format: AnswerFormat;
}

/** Controllers take notice of the Secret, and calls that they have begun come to their end. */
const noticeMs = 2_000;
/** So long the issuer is watched until its controller has found the new key. */
const adoptionMs = 30_000;

const fieldManager = 'certwright-acme';

export async function rolloverAccount(
  cluster: Cluster,
  name: string,
  { key, format }: RolloverOptions,
  { out, err }: Pick<Surroundings, 'out' | 'err'>,
): Promise<number> {
  const found = await findAccount(cluster, await findIssuer(cluster, name));
  const title = `Secret ${found.secret.metadata?.namespace}/${found.secret.metadata?.name}`;
  let { secret } = found;
  const left = pendingKeyIn(secret, found.entry);
  if (left !== undefined) err(`a change of the key that was begun before is ended first\n`);
  let next = left?.key?.pem;
  if (left === undefined || next === undefined) {
    await requireAccount(openAccount(cluster, found, found.key.pem), found);
    next = encodePrivateKey(await generateKey(key), 'PKCS1');
  }
  secret = await change(
    cluster,
    found,
    secret,
    beginRollover(secret, found.entry, next, cluster.clock.now()),
  );
  if (left === undefined) {
    err(`the next key is stored in ${title}; controllers take notice\n`);
    await pause(cluster.clock, noticeMs, cluster.signal);
  }
  await tellCa(cluster, found, secret, next);
  await change(cluster, found, secret, finishRollover(secret, found.entry));
  const fingerprint = fingerprintOf(decodePrivateKey(next));
  const adopted = await isAdopted(cluster, found, fingerprint);
  const facts = { issuer: found.title, secret: title, key: keyType(next), adopted };
  print(
    out,
    format,
    facts,
    aligned([
      ['Issuer', found.title],
      ['New key', `${facts.key}, in ${title} entry ${found.entry}`],
      ['Controller', adopted ? 'uses it' : 'has not taken it up yet: it does as soon as it runs'],
    ]),
  );
  return exitCodes.ok;
}

async function requireAccount(client: AcmeClient, { title }: FoundAccount): Promise<void> {
  try {
    const { status, url } = await client.findAccount();
    if (status !== 'valid') throw failed(`account ${url} of ${title} is ${status}: nothing was changed`);
    if ((await client.directory()).keyChange === undefined)
      throw failed(
        `the CA of ${title} does not change keys (its directory has no keyChange): nothing was changed`,
      );
  } catch (error) {
    if (error instanceof AcmeError) throw failed(`nothing was changed: ${error.message}`, error);
    throw error;
  } finally {
    await client.close();
  }
}

/** Resolves when the CA has the next key. Takes the next key away again where the CA has refused it for good. */
async function tellCa(cluster: Cluster, found: FoundAccount, secret: Secret, next: string): Promise<void> {
  const [now, then] = [openAccount(cluster, found, found.key.pem), openAccount(cluster, found, next)];
  try {
    if (await hasTaken(then)) return;
    await now.changeKey(next);
  } catch (error) {
    if (!(error instanceof AcmeError)) throw error;
    const isTaken = await hasTaken(then).catch(() => undefined);
    if (isTaken === true) return;
    const isFinal = error instanceof AcmeProblemError && !error.retryable && isTaken === false;
    if (!isFinal)
      throw failed(
        `whether the CA has taken the next key is not known (${error.message}): run this again; the controller looks by itself after two minutes`,
        error,
      );
    await change(cluster, found, secret, abandonRollover(secret, found.entry));
    throw failed(
      `the CA refuses the next key; the account keeps the one that it has: ${error.message}`,
      error,
    );
  } finally {
    await Promise.all([now.close(), then.close()]);
  }
}

async function change(
  { client, clock }: Cluster,
  { entry }: FoundAccount,
  secret: Secret,
  what: SecretChange,
): Promise<Secret> {
  const { namespace = '', name = '' } = secret.metadata ?? {};
  const key = { namespace, name };
  try {
    return await client.patch<Secret>(secrets, key, 'merge', what, { fieldManager });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  // Somebody else wrote to it: a label, or the controller that has ended a change that took too long.
  const current = await client.get<Secret>(secrets, key);
  const same = (one: string): boolean => current.data?.[one] === secret.data?.[one];
  if (!same(entry) || pendingKeyIn(current, entry)?.key?.pem !== pendingKeyIn(secret, entry)?.key?.pem)
    throw failed(
      `Secret ${namespace}/${name} was changed by somebody else at ${new Date(clock.now()).toISOString()}: look at it with "certwright acme account show", and run this again if it is still wanted`,
    );
  const { resourceVersion } = current.metadata ?? {};
  const anew = { ...what, metadata: { ...what.metadata, resourceVersion } };
  return client.patch<Secret>(secrets, key, 'merge', anew, { fieldManager });
}

/** Whether the issuer's status names the new key within a while. */
async function isAdopted(
  { client, clock, signal }: Cluster,
  { issuer }: FoundAccount,
  fingerprint: string,
): Promise<boolean> {
  const { namespace, name = '' } = issuer.metadata ?? {};
  const type = namespace === undefined ? clusterIssuers : issuers;
  const key = { name, ...(namespace === undefined ? {} : { namespace }) };
  for (const end = clock.now() + adoptionMs; ; await pause(clock, 500, signal)) {
    const { status } = await client.get<AnyIssuer>(type, key);
    if (status?.acme?.lastPrivateKeyHash === fingerprint) return true;
    if (clock.now() >= end) return false;
  }
}
