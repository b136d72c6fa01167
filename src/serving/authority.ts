/** A CA of our own for serving certificates, as the Secret that all replicas share holds it (spec §13). */
import type { KeyObject } from 'node:crypto';
import { PkiError } from '../pki/errors.ts';
import { decodePrivateKey, encodePrivateKey, generateKey } from '../pki/keys.ts';
import { decodePem, defaultPemLimits, encodePem } from '../pki/pem.ts';
import { certificateFromRequest } from '../pki/x509/certificate-from-request.ts';
import { createCsrInPool } from '../pki/x509/create-csr.ts';
import { keyUsageBits } from '../pki/x509/key-usage.ts';
import { parseCertificate, type ParsedCertificate } from '../pki/x509/parse-certificate.ts';
import { parseCsr } from '../pki/x509/parse-csr.ts';
import { createSigner } from '../pki/x509/sign-certificate.ts';
import type { ServingCertificate } from './certificate-source.ts';

export interface Authority {
  /** PEM. */
  cert: string;
  key: KeyObject;
  /** Milliseconds since 1970. */
  notBefore: number;
  notAfter: number;
}

/** Entries of the Secret, base64 as in the API. */
export type SecretData = Readonly<Record<string, string | undefined>>;

const caDuration = 365 * 24 * 3_600_000;
/** A clock of a client may be behind ours. */
const backdate = 5 * 60_000;

/**
 * A new self-signed P-384 CA for 365 days. `key`: that of the CA before, kept where it can be: then certificates of
 * either verify with the bundle of the other, and no request fails while the new bundle makes its way.
 */
export async function createAuthority(name: string, now: number, key?: KeyObject): Promise<Authority> {
  const own = key ?? (await generateKey({ algorithm: 'ECDSA', size: 384 }));
  const csr = parseCsr(await createCsrInPool({ commonName: name, isCA: true }, own));
  const der = await certificateFromRequest({ csr, now, duration: caDuration, isCA: true }, createSigner(own));
  return { cert: encodePem('CERTIFICATE', der), key: own, ...lifeOf(parseCertificate(der)) };
}

/** What is written into the Secret. */
export function authorityData({ cert, key }: Authority): Record<string, string> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    'tls.crt': base64(cert),
    'ca.crt': base64(cert),
    'tls.key': base64(encodePrivateKey(key, 'PKCS8')),
  };
}

export type ReadAuthority =
  | { authority: Authority; problem?: undefined }
  /** Why a new one is needed; with the key where only the certificate is at fault. */
  | { problem: string; key?: KeyObject };

/** The CA in a Secret, or why it cannot be used. */
export function readAuthority(data: SecretData, now: number): ReadAuthority {
  const [cert, key, ca] = ['tls.crt', 'tls.key', 'ca.crt'].map((name) =>
    Buffer.from(data[name] ?? '', 'base64').toString('utf8'),
  ) as [string, string, string];
  if (cert === '' || key === '' || ca === '') return { problem: 'tls.crt, tls.key or ca.crt is missing' };
  try {
    const [block] = decodePem(cert, defaultPemLimits.chain);
    if (block === undefined) return { problem: 'tls.crt is empty' };
    const privateKey = decodePrivateKey(key);
    const parsed = parseCertificate(block.der);
    createSigner(privateKey, parsed);
    // Only a key of the kind that we make is worth keeping.
    const kept = privateKey.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? { key: privateKey } : {};
    const { notBefore, notAfter } = lifeOf(parsed);
    if (ca !== cert) return { problem: 'ca.crt is not tls.crt', ...kept };
    if (!maySignCertificates(parsed)) return { problem: 'tls.crt is no CA' };
    if (now < notBefore - backdate) return { problem: 'tls.crt is not valid yet', ...kept };
    if (notAfter - now < (notAfter - notBefore) / 3)
      return { problem: `tls.crt expires on ${new Date(notAfter).toISOString()}`, ...kept };
    return { authority: { cert, key: privateKey, notBefore, notAfter } };
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return { problem: `tls.crt and tls.key cannot be used: ${error.message}` };
  }
}

export interface Leaf extends ServingCertificate {
  /** When to make the next one: two thirds of its life. */
  renewAt: number;
}

/** A P-384 server certificate, never longer than its CA. */
export async function issueLeaf(
  authority: Authority,
  ask: { dnsNames: readonly string[]; duration: number; now: number },
): Promise<Leaf> {
  const key = await generateKey({ algorithm: 'ECDSA', size: 384 });
  const usages = ['digital signature', 'server auth'];
  const csr = parseCsr(await createCsrInPool({ dnsNames: [...ask.dnsNames], usages }, key));
  const [ca] = decodePem(authority.cert, defaultPemLimits.chain);
  if (ca === undefined) throw new TypeError('an authority has a certificate');
  const from = Math.max(authority.notBefore, ask.now - backdate);
  const until = Math.min(authority.notAfter, ask.now + ask.duration);
  const der = await certificateFromRequest(
    { csr, now: from, duration: until - from, usages },
    createSigner(authority.key, parseCertificate(ca.der)),
  );
  const renewAt = ask.now + ((until - ask.now) * 2) / 3;
  return { cert: encodePem('CERTIFICATE', der), key: encodePrivateKey(key, 'PKCS8'), renewAt };
}

function lifeOf({ notBefore, notAfter }: ParsedCertificate): { notBefore: number; notAfter: number } {
  return { notBefore: notBefore.getTime(), notAfter: notAfter.getTime() };
}

/** RFC 5280 §4.2.1.3: where key usages are named, signing certificates has to be one of them. */
function maySignCertificates({ isCA, keyUsage }: ParsedCertificate): boolean {
  return isCA && (keyUsage === undefined || (keyUsage & keyUsageBits.certSign) !== 0);
}
