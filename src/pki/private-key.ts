/** Private keys between PEM and KeyObject, with everything checked that a damaged Secret can get wrong (api.md §6). */
import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto';
import { DerReader } from './asn1/der-reader.ts';
import { oids } from './asn1/oids.ts';
import { contextConstructed, tags } from './asn1/tags.ts';
import { DerError, KeyError, PemError } from './errors.ts';
import { decodeFirstPem, defaultPemLimits, encodePem } from './pem.ts';

export type KeyEncoding = 'PKCS1' | 'PKCS8';

/** PEM of a private key. `PKCS1` gives the traditional form: PKCS#1 for RSA, SEC 1 for ECDSA, PKCS#8 for Ed25519. */
export function encodePrivateKey(key: KeyObject, encoding: KeyEncoding = 'PKCS1'): string {
  const { label, der } = privateKeyDer(key, encoding);
  return encodePem(label, der);
}

function privateKeyDer(key: KeyObject, encoding: KeyEncoding): { label: string; der: Buffer } {
  if (key.type !== 'private') throw new KeyError('Only private keys can be stored as a private key');
  if (encoding === 'PKCS1' && key.asymmetricKeyType === 'rsa') {
    return { label: 'RSA PRIVATE KEY', der: key.export({ type: 'pkcs1', format: 'der' }) };
  }
  if (encoding === 'PKCS1' && key.asymmetricKeyType === 'ec') {
    return { label: 'EC PRIVATE KEY', der: key.export({ type: 'sec1', format: 'der' }) };
  }
  return { label: 'PRIVATE KEY', der: key.export({ type: 'pkcs8', format: 'der' }) };
}

/**
 * The key in the first PEM block: `PRIVATE KEY`, `EC PRIVATE KEY` or `RSA PRIVATE KEY`.
 * RSA keys are checked for consistency, as a key that does not fit itself signs garbage.
 * @throws TooLargeError, PemError or KeyError; none of them carries key material
 */
export function decodePrivateKey(
  pem: string | Uint8Array,
  maxBytes = defaultPemLimits.privateKey,
): KeyObject {
  const block = decodeFirstPem(pem, maxBytes);
  if (block.hasHeaders || block.label === 'ENCRYPTED PRIVATE KEY') {
    throw new KeyError('The private key is encrypted; store it without a passphrase');
  }
  switch (block.label) {
    case 'PRIVATE KEY':
      return load(block.der, 'pkcs8', 'PKCS#8');
    case 'EC PRIVATE KEY':
      return load(block.der, 'sec1', 'SEC 1');
    case 'RSA PRIVATE KEY':
      return load(block.der, 'pkcs1', 'PKCS#1');
    default:
      throw new PemError(
        `The PEM block is "${block.label}"; a private key is "PRIVATE KEY", "EC PRIVATE KEY" or "RSA PRIVATE KEY"`,
      );
  }
}

function load(der: Buffer, type: 'pkcs8' | 'sec1' | 'pkcs1', form: string): KeyObject {
  try {
    if (type === 'pkcs8') checkPkcs8(der);
    else if (type === 'pkcs1') checkRsa(der, 0);
    else checkWhole(der);
    const key = createPrivateKey({ key: der, format: 'der', type });
    assertSupported(key);
    checkEc(key);
    return key;
  } catch (error) {
    if (error instanceof KeyError) throw error;
    // OpenSSL's own text can quote input, so it stays out; DER errors hold offsets only.
    const reason = error instanceof DerError ? `: ${error.message}` : '';
    throw new KeyError(
      `The ${form} private key is damaged${reason}`,
      error instanceof DerError ? { cause: error } : {},
    );
  }
}

/** Refuses key types and curves that the API has no name for. */
export function assertSupported(key: KeyObject): void {
  const details = key.asymmetricKeyDetails;
  switch (key.asymmetricKeyType) {
    case 'rsa':
      if ((details?.modulusLength ?? 0) < 1024)
        throw new KeyError('RSA keys below 1024 bits are not accepted');
      return;
    case 'ec':
      if (!['prime256v1', 'secp384r1', 'secp521r1'].includes(details?.namedCurve ?? '')) {
        throw new KeyError(
          `The curve ${details?.namedCurve ?? 'of this key'} is not supported: use P-256, P-384 or P-521`,
        );
      }
      return;
    case 'ed25519':
      return;
    default:
      throw new KeyError(`Keys of type ${key.asymmetricKeyType ?? 'secret'} are not supported`);
  }
}

function checkWhole(der: Buffer): void {
  const reader = DerReader.over(der);
  reader.rawOf(tags.sequence);
  reader.end();
}

/** OpenSSL believes the public point that is stored beside an EC private key; one that differs would sign garbage. */
function checkEc(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'ec') return;
  const { x = '', y = '', d = '' } = key.export({ format: 'jwk' });
  const ecdh = createECDH(key.asymmetricKeyDetails?.namedCurve ?? '');
  ecdh.setPrivateKey(Buffer.from(d, 'base64url'));
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  if (!ecdh.getPublicKey().equals(point)) {
    throw new KeyError('The EC private key does not belong to the public key stored with it');
  }
}

/** PrivateKeyInfo (RFC 5958 §2): version, algorithm, key octets, then optional attributes and public key. */
function checkPkcs8(der: Buffer): void {
  const outer = DerReader.over(der);
  const info = outer.sequence();
  outer.end();
  info.smallInteger(1);
  const algorithm = info.sequence();
  const isRsa = algorithm.oid() === oids.rsaEncryption;
  const start = info.offset;
  const octets = info.octetString();
  if (info.peek() === contextConstructed(0)) info.raw();
  if (info.peek() === 0x81 || info.peek() === contextConstructed(1)) info.raw();
  info.end();
  if (isRsa) checkRsa(octets, start);
}

/** RSAPrivateKey (RFC 8017 appendix A.1.2), checked by its own equations. */
function checkRsa(der: Buffer, base: number): void {
  const outer = DerReader.over(der, { base });
  const key = outer.sequence();
  outer.end();
  const version = key.smallInteger(1);
  if (version !== 0) throw new KeyError('RSA keys with more than two primes are not supported');
  // 16384 bits is twice what is generated; the bound keeps the arithmetic below short.
  const next = (): bigint => key.bigInteger(2048);
  const [n, e, d, p, q, dp, dq, qi] = [next(), next(), next(), next(), next(), next(), next(), next()];
  key.end();
  if (e < 3n || e > 0x7fffffffn || (e & 1n) === 0n)
    throw new KeyError('The RSA public exponent is out of range');
  if (p <= 1n || q <= 1n || p * q !== n)
    throw new KeyError('The RSA modulus is not the product of its primes');
  if ((d * e) % (p - 1n) !== 1n || (d * e) % (q - 1n) !== 1n) {
    throw new KeyError('The RSA private exponent does not belong to the public one');
  }
  if (d % (p - 1n) !== dp || d % (q - 1n) !== dq || (qi * q) % p !== 1n) {
    throw new KeyError('The RSA key has wrong Chinese remainder values');
  }
}
