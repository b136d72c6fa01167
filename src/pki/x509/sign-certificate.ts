/** Making an X.509 v3 certificate out of a template and a signer (RFC 5280 §4.1). */
import type { KeyObject } from 'node:crypto';
import {
  bitString,
  constructed,
  explicit,
  sequence,
  smallInteger,
  unsignedInteger,
} from '../asn1/der-writer.ts';
import { encodeTime } from '../asn1/der-time.ts';
import { contextConstructed, tags } from '../asn1/tags.ts';
import { CertificateError } from '../errors.ts';
import { publicKeysEqual } from '../keys.ts';
import type { ParsedCertificate } from './parse-certificate.ts';
import {
  defaultSignatureAlgorithm,
  signBytesInPool,
  type SignatureAlgorithm,
} from './signature-algorithm.ts';

/** What is signed, apart from what the signer decides (issuer name, algorithm). */
export interface CertificateTemplate {
  /** Magnitude of the serial number, big-endian, at most 20 bytes and not zero. */
  serial: Uint8Array;
  /** The Name SEQUENCE. */
  subjectDer: Uint8Array;
  /** Milliseconds since 1970; cut to the second. */
  notBefore: number;
  notAfter: number;
  /** SubjectPublicKeyInfo. */
  spki: Uint8Array;
  /** Complete Extension elements in order. */
  extensions: readonly Uint8Array[];
}

/** A key with the name under which it signs; made by {@link createSigner}. */
export interface CertificateSigner {
  readonly key: KeyObject;
  /** The signing certificate; undefined when the key signs its own certificate. */
  readonly certificate: ParsedCertificate | undefined;
  readonly algorithm: SignatureAlgorithm;
}

/**
 * Binds a key to its CA certificate, or to nothing for self-signed certificates. The match is checked here, once,
 * so keep the signer when many certificates are signed. The CA's expiry and constraints are not looked at (lifecycle §13).
 * @throws CertificateError when the key is not the certificate's, KeyError or SignatureError for an unusable key
 */
export function createSigner(key: KeyObject, certificate?: ParsedCertificate): CertificateSigner {
  if (key.type !== 'private') throw new CertificateError('A public key cannot sign certificates');
  const algorithm = defaultSignatureAlgorithm(key);
  if (certificate !== undefined && !publicKeysEqual(key, certificate.publicKey)) {
    throw new CertificateError(
      'The signing key does not belong to the signing certificate: their public keys differ',
    );
  }
  return { key, certificate, algorithm };
}

const version3 = explicit(0, smallInteger(2));

/**
 * The DER of the TBSCertificate: what will be signed, so that it can be looked over before it is. A signer without
 * certificate makes the subject the issuer.
 * @throws CertificateError
 */
export function toBeSigned(template: CertificateTemplate, signer: CertificateSigner): Buffer {
  const { algorithm, certificate } = signer;
  return sequence(
    version3,
    serialNumber(template.serial),
    algorithm.identifier,
    certificate?.subjectDer ?? template.subjectDer,
    sequence(encodeTime(template.notBefore), encodeTime(template.notAfter)),
    template.subjectDer,
    template.spki,
    template.extensions.length === 0
      ? undefined
      : constructed(contextConstructed(3), [constructed(tags.sequence, template.extensions)]),
  );
}

/**
 * The DER of the signed certificate. P-256 and Ed25519 sign at once, RSA in the thread pool.
 * @param tbs {@link toBeSigned} of the same template and signer, when the caller has it already
 * @throws CertificateError, SignatureError
 */
export async function signCertificate(
  template: CertificateTemplate,
  signer: CertificateSigner,
  tbs: Buffer = toBeSigned(template, signer),
): Promise<Buffer> {
  const { algorithm } = signer;
  const signature = await signBytesInPool(algorithm, signer.key, tbs);
  return sequence(tbs, algorithm.identifier, bitString(signature));
}

function serialNumber(magnitude: Uint8Array): Buffer {
  const encoded = unsignedInteger(magnitude);
  // Two bytes of header, at most 20 of value (RFC 5280 §4.1.2.2).
  if (encoded.length > 22) throw new CertificateError('A serial number has at most 20 bytes');
  if (magnitude.every((byte) => byte === 0)) throw new CertificateError('A serial number must be positive');
  return encoded;
}
