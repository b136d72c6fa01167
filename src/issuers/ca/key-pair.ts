/** A CA's key pair as its Secret holds it, parsed and bound for signing (spec/certificate-lifecycle.md §13, §16). */
import { messageOf } from '../../api/message-of.ts';
import type { Secret } from '../../api/core.ts';
import type { KeyObject } from 'node:crypto';
import { decodePrivateKey } from '../../pki/private-key.ts';
import { buildChain } from '../../pki/x509/build-chain.ts';
import { keyUsageBits } from '../../pki/x509/key-usage.ts';
import { parseCertificates, type ParsedCertificate } from '../../pki/x509/parse-certificate.ts';
import { createSigner, type CertificateSigner } from '../../pki/x509/sign-certificate.ts';
import { isSelfSigned } from '../../pki/x509/verify-signed-by.ts';
import { CertificateError, ChainError } from '../../pki/errors.ts';
import { KeyPairError } from '../errors.ts';

export interface CaKeyPair {
  /** The first certificate of `tls.crt`: the one that signs. */
  readonly certificate: ParsedCertificate;
  readonly key: KeyObject;
  /** `tls.crt` in file order, then the first certificate of `ca.crt`. */
  readonly certificates: readonly ParsedCertificate[];
}

/** A key pair that can sign, with the parts of every answer that do not change. */
export interface CaSigner {
  readonly signer: CertificateSigner;
  /** PEM of the intermediates that follow the leaf: the signing certificate upwards, self-signed roots left out. */
  readonly chainTail: string;
  /** PEM of the top of the chain. */
  readonly ca: string;
}

/**
 * Parses `tls.crt`, `tls.key` and, if it is there, `ca.crt`.
 * @throws KeyPairError naming Secret, entry and cause; never with key material in it
 */
export function readKeyPair(secret: Secret): CaKeyPair {
  const { namespace = '', name = '' } = secret.metadata ?? {};
  const entry = <T>(key: string, parse: (bytes: Buffer) => T): T => {
    const value = secret.data?.[key];
    if (value === undefined || value === '') {
      throw new KeyPairError('issuer/no-data', `no data for "${key}" in secret '${namespace}/${name}'`);
    }
    try {
      return parse(Buffer.from(value, 'base64'));
    } catch (cause) {
      const message = messageOf(cause);
      throw new KeyPairError(
        'issuer/invalid-data',
        `"${key}" in secret '${namespace}/${name}' cannot be used: ${message}`,
        cause,
      );
    }
  };
  const certificates = entry('tls.crt', (bytes) => parseCertificates(bytes));
  const key = entry('tls.key', (bytes) => decodePrivateKey(bytes));
  const roots = secret.data?.['ca.crt'];
  if (roots !== undefined && roots !== '') {
    certificates.push(...entry('ca.crt', (bytes) => parseCertificates(bytes, undefined, 1)));
  }
  const [certificate] = certificates;
  if (certificate === undefined)
    throw new KeyPairError(
      'issuer/no-data',
      `"tls.crt" in secret '${namespace}/${name}' holds no certificate`,
    );
  return { certificate, key, certificates };
}

/**
 * Proves once what upstream proves at every signature: the key is the certificate's, and a leaf signed by it completes
 * one chain. After that each signature is only a signature.
 * @throws PkiError
 */
export function prepareSigner(pair: CaKeyPair): CaSigner {
  const { certificate } = pair;
  const signer = createSigner(pair.key, certificate);
  if (!certificate.isCA) throw new CertificateError('the signing certificate is not a CA');
  if (certificate.keyUsage !== undefined && (certificate.keyUsage & keyUsageBits.certSign) === 0) {
    throw new CertificateError('the key usage of the signing certificate does not include "cert sign"');
  }
  const { chain, ca = certificate } = buildChain(pair.certificates);
  if (!(chain[0] ?? ca).der.equals(certificate.der)) {
    throw new ChainError(
      'certificate chain is malformed or broken: the first certificate of tls.crt is not the lowest of its chain',
    );
  }
  const tail = chain.filter((link) => !isSelfSigned(link));
  return { signer, chainTail: tail.map(({ pem }) => pem).join(''), ca: ca.pem };
}
