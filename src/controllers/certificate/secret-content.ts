/** What the target Secret is to contain (lifecycle §18, api.md §8): the object for server-side apply. */
import type { KeyObject } from 'node:crypto';
import type { Certificate, CertificateSpec } from '../../api/certificate.ts';
import type { Secret } from '../../api/core.ts';
import type { OwnerReference } from '../../api/meta.ts';
import { decodePrivateKey } from '../../pki/keys.ts';
import { encodeJks, encodeJksTruststore } from '../../pki/keystore/jks.ts';
import { encodePkcs12, encodePkcs12Truststore, type RandomBytes } from '../../pki/keystore/pkcs12.ts';
import { sameJks, samePkcs12 } from '../../pki/keystore/same-store.ts';
import { decodeFirstPem, defaultPemLimits } from '../../pki/pem.ts';
import { parseCertificates } from '../../pki/x509/parse-certificate.ts';
import { annotationKeys, labelKeys, secretKeys } from './constants.ts';
import type { IssuerRef } from './issuer-match.ts';
import { templateOf } from './secret-template.ts';
import { combinedPem } from './secret-trim.ts';
import type { CertificateFacts } from './secret-facts.ts';
import { leafFacts } from './x509-facts.ts';

/** Passwords already read; undefined where the spec wants no such keystore. */
export interface KeystorePasswords {
  jks?: string;
  pkcs12?: string;
}

export interface SecretContent {
  certificate: Certificate;
  /** `tls.key`, `tls.crt` and `ca.crt` as bytes; no `ca.crt` when undefined or empty. */
  keyPem: Uint8Array;
  chainPem: Uint8Array;
  /** Of the first certificate in `chainPem`, where they are known. */
  leaf?: CertificateFacts;
  caPem?: Uint8Array;
  /** Verbatim from the request; undefined for a temporary certificate. */
  issuerRef?: IssuerRef;
  /** Kept from the Secret that is there; a new one is `kubernetes.io/tls`. */
  existingType?: string;
  /** What the Secret holds: keystores among it that fit stay, so that a repair makes nobody reload them. */
  existingData?: Readonly<Record<string, string>>;
  passwords: KeystorePasswords;
  ownerRef: boolean;
  random: RandomBytes;
  nowMs: number;
}

/** @throws PkiError when key or certificates cannot be read or a keystore cannot be made */
export function targetSecret(content: SecretContent): Secret {
  const { certificate } = content;
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: certificate.spec.secretName,
      namespace: certificate.metadata?.namespace,
      ...metadataOf(content),
    },
    type: content.existingType ?? 'kubernetes.io/tls',
    data: dataOf(content),
  };
  if (content.ownerRef && secret.metadata !== undefined)
    secret.metadata.ownerReferences = [ownerReference(certificate)];
  return secret;
}

/** A controller reference to the Certificate. */
export function ownerReference(certificate: Certificate): OwnerReference {
  const { name = '', uid = '' } = certificate.metadata ?? {};
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Later entries win: the template, then what the certificate says, then whose it is. */
function metadataOf(content: SecretContent): {
  labels: Record<string, string>;
  annotations: Record<string, string>;
} {
  const { certificate, issuerRef } = content;
  const template = templateOf(certificate.spec);
  const annotations = { ...template.annotations, ...(content.leaf ?? leafFacts(content.chainPem)).details };
  annotations[annotationKeys.certificateName] = certificate.metadata?.name ?? '';
  if (issuerRef !== undefined && (issuerRef.name !== '' || issuerRef.kind || issuerRef.group)) {
    annotations[annotationKeys.issuerName] = issuerRef.name;
    annotations[annotationKeys.issuerKind] = issuerRef.kind ?? '';
    annotations[annotationKeys.issuerGroup] = issuerRef.group ?? '';
  }
  return { labels: { ...template.labels, [labelKeys.filtered]: 'true' }, annotations };
}

function dataOf(content: SecretContent): Record<string, string> {
  const { certificate, keyPem, chainPem, caPem } = content;
  const data = new Map<string, Uint8Array>([
    [secretKeys.privateKey, keyPem],
    [secretKeys.certificate, chainPem],
  ]);
  const hasCa = caPem !== undefined && caPem.length > 0;
  if (hasCa) data.set(secretKeys.ca, caPem);
  for (const { type } of certificate.spec.additionalOutputFormats ?? []) {
    if (type === 'DER') data.set(secretKeys.derKey, decodeFirstPem(keyPem, defaultPemLimits.privateKey).der);
    if (type === 'CombinedPEM') data.set(secretKeys.combinedPem, combinedPem(keyPem, chainPem));
  }
  for (const [key, bytes] of keystores(content)) data.set(key, unlessSame(content, key, bytes));
  return Object.fromEntries(Array.from(data, ([key, bytes]) => [key, Buffer.from(bytes).toString('base64')]));
}

function* keystores(content: SecretContent): Iterable<[string, Uint8Array]> {
  const { passwords, random, nowMs } = content;
  const wanted = content.certificate.spec.keystores;
  if (passwords.jks === undefined && passwords.pkcs12 === undefined) return;
  const key: KeyObject = decodePrivateKey(content.keyPem);
  const chain = parseCertificates(content.chainPem, defaultPemLimits.chain).map(
    (certificate) => certificate.der,
  );
  const hasCa = content.caPem !== undefined && content.caPem.length > 0;
  const ca = hasCa ? parseCertificates(content.caPem ?? '').map((certificate) => certificate.der) : [];
  if (passwords.jks !== undefined) {
    const options = { password: passwords.jks, now: nowMs };
    const alias = wanted?.jks?.alias || 'certificate';
    yield [secretKeys.jks, encodeJks({ ...options, alias, key, chain, ca, random })];
    if (hasCa) yield [secretKeys.jksTruststore, encodeJksTruststore({ ...options, ca })];
  }
  if (passwords.pkcs12 !== undefined) {
    const options = {
      password: passwords.pkcs12,
      profile: wanted?.pkcs12?.profile ?? 'LegacyRC2',
      random,
    } as const;
    yield [secretKeys.pkcs12, encodePkcs12({ ...options, key, chain, ca })];
    if (hasCa) yield [secretKeys.pkcs12Truststore, encodePkcs12Truststore({ ...options, ca })];
  }
}

/** The keystore that is there when it says the same as the new one, which differs in its salts at least. */
function unlessSame(content: SecretContent, key: string, made: Uint8Array): Uint8Array {
  const there = content.existingData?.[key];
  if (there === undefined) return made;
  const kept = Buffer.from(there, 'base64');
  const { jks = '', pkcs12 = '' } = content.passwords;
  const isJks = key === secretKeys.jks || key === secretKeys.jksTruststore;
  return (isJks ? sameJks(kept, made, jks) : samePkcs12(kept, made, pkcs12)) ? kept : made;
}

export interface PasswordNeed {
  kind: 'jks' | 'pkcs12';
  /** A literal, or where to read it. */
  password?: string;
  ref?: { name: string; key: string };
}

/** Which keystore passwords a spec needs; the reference wins over the literal (api.md §8). */
export function passwordNeeds(spec: CertificateSpec): PasswordNeed[] {
  const needs: PasswordNeed[] = [];
  for (const kind of ['jks', 'pkcs12'] as const) {
    const keystore = spec.keystores?.[kind];
    if (keystore?.create !== true) continue;
    const ref = keystore.passwordSecretRef;
    if (ref !== undefined && ref.name !== '')
      needs.push({ kind, ref: { name: ref.name, key: ref.key ?? '' } });
    else needs.push({ kind, password: keystore.password ?? '' });
  }
  return needs;
}
