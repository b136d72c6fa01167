/** `certwright acme revoke`: takes a certificate back at the CA that issued it (RFC 8555 §7.6). */
import { messageOf } from '../../../api/message-of.ts';
import { open } from 'node:fs/promises';
import type { RevocationReason } from '../../../acme/acme-client.ts';
import { AcmeError, AcmeProblemError } from '../../../acme/errors.ts';
import type { Certificate } from '../../../api/certificate.ts';
import type { Secret } from '../../../api/core.ts';
import { certificates, secrets } from '../../../api/resources.ts';
import { PkiError } from '../../../pki/errors.ts';
import { parseCertificates, type ParsedCertificate } from '../../../pki/x509/parse-certificate.ts';
import { CliError, EnvironmentError, exitCodes, UsageError } from '../../errors.ts';
import type { Surroundings } from '../../program.ts';
import { askForLook, type Look } from './ask-for-look.ts';
import { certificateKey, refusedText } from './certificate-key.ts';
import type { Cluster } from './cluster.ts';
import {
  failed,
  findAccount,
  findIssuer,
  issuerOf,
  openAccount,
  orMissing,
  type FoundIssuer,
} from './find-issuer.ts';
import { aligned, print, type AnswerFormat } from './print.ts';

/** RFC 5280 §5.3.1, those that a subscriber may give. */
export const revocationReasons = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const satisfies Readonly<Record<string, RevocationReason>>;
export type RevocationWord = keyof typeof revocationReasons;

export interface RevokeOptions {
  reason: RevocationWord;
  /** Whose account issued it; needed for a file. */
  issuer?: string;
  /** By the certificate's own key in its Secret, and not by the account. */
  byCertificateKey?: boolean;
  /** The same, with the key in this PEM file. */
  keyFile?: string;
  format: AnswerFormat;
}

const mostBytes = 1 << 20;

export async function revoke(
  cluster: Cluster,
  target: string,
  options: RevokeOptions,
  out: Surroundings['out'],
): Promise<number> {
  // Certificates are often called by the name that they are for, dots and all; no name has a slash.
  const { leaf, named, certificate, keeps, keyPem } = await (target.includes('/')
    ? ofFile(cluster, target, options)
    : ofCertificate(cluster, target, options));
  const serial = serialOf(leaf);
  const ownKey = await ownKeyOf(options, leaf, keyPem);
  const byKey = ownKey !== undefined;
  const instead = insteadOf(target, certificate, options);
  const client = openAccount(cluster, named, ownKey ?? (await accountKeyOf(cluster, named, instead)));
  let before = false;
  try {
    await client.revoke(leaf.der, revocationReasons[options.reason], { byKey });
  } catch (error) {
    if (!(error instanceof AcmeError)) throw error;
    before = error instanceof AcmeProblemError && error.is('alreadyRevoked');
    if (!before) throw failed(refusedText({ named, serial, byKey, instead }, error), error);
  } finally {
    await client.close();
  }
  const look =
    certificate === undefined || keeps === true ? undefined : await askForLook(cluster, certificate);
  const facts = {
    issuer: named.title,
    serialNumber: serial,
    dnsNames: leaf.subjectAltNames.dnsNames,
    reason: options.reason,
    alreadyRevoked: before,
    byCertificateKey: byKey,
    ...(look === undefined ? {} : { controllerLooksNow: look.kind === 'asked' }),
  };
  print(
    out,
    options.format,
    facts,
    aligned([
      [before ? 'Revoked before' : 'Revoked', `serial ${serial}, ${facts.dnsNames.join(', ')}`],
      ['By', byKey ? `${named.title}, with the certificate's own key` : named.title],
      ['Reason', before ? undefined : options.reason],
      ['Next', certificate === undefined ? undefined : nextStep(certificate, look)],
    ]),
  );
  return exitCodes.ok;
}

/** Whole octets, as CAs, browsers and OpenSSL show it: what is searched for has to be found. */
export function serialOf({ serialHex }: Pick<ParsedCertificate, 'serialHex'>): string {
  return serialHex.length % 2 === 0 ? serialHex : `0${serialHex}`;
}

interface Target {
  leaf: ParsedCertificate;
  named: FoundIssuer;
  /** Absent for a file. */
  certificate?: Certificate;
  /** The key is compromised, and the Certificate would keep it. */
  keeps?: boolean;
  /** The private key beside it. */
  keyPem?: { pem: string; where: string };
}

/** Undefined: the account revokes. */
async function ownKeyOf(
  { byCertificateKey = false, keyFile }: RevokeOptions,
  leaf: ParsedCertificate,
  beside: Target['keyPem'],
): Promise<string | undefined> {
  if (keyFile !== undefined)
    return certificateKey((await readBounded(keyFile)).toString('utf8'), leaf, `--key-file ${keyFile}`);
  if (!byCertificateKey) return undefined;
  if (beside === undefined)
    throw new UsageError(
      '--by-certificate-key',
      '',
      'there is no key beside it: --key-file says where it is',
    );
  return certificateKey(beside.pem, leaf, beside.where);
}

async function accountKeyOf(cluster: Cluster, named: FoundIssuer, instead: string): Promise<string> {
  try {
    return (await findAccount(cluster, named)).key.pem;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw failed(`${error.message}. The certificate's own key counts as well: ${instead}`, error);
  }
}

function insteadOf(
  target: string,
  certificate: Certificate | undefined,
  { reason, issuer = '' }: RevokeOptions,
): string {
  const of =
    certificate === undefined
      ? ` --issuer ${issuer} --key-file <its key>`
      : ` --namespace ${certificate.metadata?.namespace} --by-certificate-key`;
  return `certwright acme revoke ${target} --reason ${reason}${of}`;
}

/** @param look undefined: looking again would only ask the CA for the key that it refuses now */
function nextStep({ metadata, spec }: Certificate, look: Look | undefined): string {
  const namespace = metadata?.namespace ?? '';
  if (look === undefined)
    return `spec.privateKey.rotationPolicy is Never, and the key is compromised: set it to Always, and delete Secret ${namespace}/${spec.secretName} to have both replaced`;
  const remove = `kubectl delete secret ${spec.secretName} --namespace ${namespace}`;
  if (look.kind === 'asked')
    return `the controller asks the CA about it now, and replaces it when the CA says that it is revoked; without waiting for that: ${remove}`;
  if (look.kind === 'none')
    return `nobody asks the CA about it (status.acme.ari is not there), so it is not replaced by itself: ${remove}`;
  return `the controller could not be told to look now (${look.why}): it looks at ${look.nextCheck ?? 'its own time'}; at once: ${remove}`;
}

async function ofCertificate(
  cluster: Cluster,
  name: string,
  { issuer, reason }: RevokeOptions,
): Promise<Target> {
  const { namespace } = cluster;
  const certificate = await orMissing(cluster.client.get<Certificate>(certificates, { namespace, name }));
  if (certificate === undefined)
    throw failed(
      `there is no Certificate ${namespace}/${name} (--namespace chooses another namespace; a file is written with its folder, as in ./${name})`,
    );
  const { secretName, issuerRef, privateKey } = certificate.spec;
  const secret = await orMissing(cluster.client.get<Secret>(secrets, { namespace, name: secretName }));
  const { 'tls.crt': chain, 'tls.key': key } = secret?.data ?? {};
  if (chain === undefined)
    throw failed(
      `Secret ${namespace}/${secretName} of Certificate ${namespace}/${name} holds no certificate`,
    );
  const signer = signerOf(secret) ?? issuerRef;
  const named =
    issuer === undefined ? await issuerOf(cluster, signer, namespace) : await findIssuer(cluster, issuer);
  const keeps = reason === 'keyCompromise' && privateKey?.rotationPolicy === 'Never';
  return {
    leaf: leafOf(Buffer.from(chain, 'base64'), `Secret ${namespace}/${secretName}`),
    named,
    certificate,
    keeps,
    ...(key === undefined
      ? {}
      : {
          keyPem: {
            pem: Buffer.from(key, 'base64').toString('utf8'),
            where: `entry tls.key of Secret ${namespace}/${secretName}`,
          },
        }),
  };
}

/** Who signed what lies in the Secret: another issuer may have stood in for the Certificate's own. */
function signerOf(secret: Secret | undefined): { name: string; kind?: string; group?: string } | undefined {
  const annotations = secret?.metadata?.annotations ?? {};
  const name = annotations['cert-manager.io/issuer-name'];
  if (name === undefined) return undefined;
  const [kind, group] = [
    annotations['cert-manager.io/issuer-kind'],
    annotations['cert-manager.io/issuer-group'],
  ];
  return { name, ...(kind === undefined ? {} : { kind }), ...(group === undefined ? {} : { group }) };
}

async function ofFile(cluster: Cluster, path: string, { issuer }: RevokeOptions): Promise<Target> {
  if (issuer === undefined)
    throw new UsageError(
      '--issuer',
      '',
      `name the issuer whose account issued ${path}, as clusterissuer/NAME or issuer/NAME`,
    );
  const named = await findIssuer(cluster, issuer);
  const text = await readBounded(path);
  return { leaf: leafOf(text, path), named };
}

async function readBounded(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(mostBytes + 1), position: 0 });
      if (bytesRead > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new EnvironmentError('cli/folder', `${path}: cannot be read: ${messageOf(error)}`, error);
  }
}

function leafOf(pem: Uint8Array, where: string): ParsedCertificate {
  try {
    const [leaf] = parseCertificates(pem);
    if (leaf !== undefined) return leaf;
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    throw failed(`${where} holds no certificate: ${error.message}`, error);
  }
  throw failed(`${where} holds no certificate`);
}
