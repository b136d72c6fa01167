/** Writes certificates for tests, field by field, with no opinion on whether they are valid. */

import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

import {
  bitString,
  boolean,
  element,
  explicit,
  namedBits,
  objectIdentifier,
  octetString,
  sequence,
  smallInteger,
  unsignedInteger,
} from '../../asn1/der-writer.ts';
import { encodeTime } from '../../asn1/der-time.ts';
import { oids } from '../../asn1/oids.ts';
import { contextPrimitive } from '../../asn1/tags.ts';
import { encodeSubjectAltName, type RequestedNames } from '../../x509/general-names.ts';
import { encodeExtKeyUsage, keyUsageBits } from '../../x509/key-usage.ts';
import { encodeName, nameFromFields } from '../../x509/name.ts';
import { signatureAlgorithms } from '../../x509/signature-algorithm.ts';

export interface MadeExtension {
  readonly oid: string;
  readonly critical?: boolean;
  readonly value: Uint8Array;
}

/** All optional; raw fields are complete DER elements. */
export interface CertificateParts {
  /** The INTEGER inside [0], or null to leave it out. */
  readonly version?: number | null;
  readonly serial?: Uint8Array;
  readonly signatureAlgorithm?: Uint8Array;
  readonly outerSignatureAlgorithm?: Uint8Array;
  readonly issuer?: Uint8Array;
  readonly notBefore?: Uint8Array;
  readonly notAfter?: Uint8Array;
  readonly subject?: Uint8Array;
  readonly publicKey?: KeyObject;
  readonly spki?: Uint8Array;
  readonly issuerUniqueId?: Uint8Array;
  readonly extensions?: readonly MadeExtension[] | null;
  readonly signingKey?: KeyObject;
}

export interface MadeCertificate {
  readonly der: Buffer;
  readonly tbs: Buffer;
}

const keys = new Map<string, KeyObject>();

/** A private key per name, made once per process. */
export function testKey(name: string): KeyObject {
  let key = keys.get(name);
  if (key === undefined) {
    key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    keys.set(name, key);
  }
  return key;
}

export const testStart = Date.UTC(2026, 5, 1);
export const testEnd = Date.UTC(2026, 7, 30);
const subjectOf = (commonName: string): Buffer =>
  encodeName(nameFromFields({ organizations: ['Example'] }, commonName));

export function makeCertificate(parts: CertificateParts = {}): MadeCertificate {
  const algorithm = parts.signatureAlgorithm ?? signatureAlgorithms.ECDSAWithSHA256.identifier;
  const publicKey = parts.publicKey ?? testKey('leaf');
  const extensions = parts.extensions === undefined ? leafExtensions() : parts.extensions;
  const tbs = sequence(
    parts.version === null ? undefined : explicit(0, smallInteger(parts.version ?? 2)),
    parts.serial ?? unsignedInteger(Buffer.from('5a6b7c8d9eafb0c1d2e3f40516273849', 'hex')),
    algorithm,
    parts.issuer ?? subjectOf('Example CA'),
    sequence(parts.notBefore ?? encodeTime(testStart), parts.notAfter ?? encodeTime(testEnd)),
    parts.subject ?? subjectOf('www.example.com'),
    parts.spki ?? spki(publicKey),
    parts.issuerUniqueId,
    extensions === null ? undefined : explicit(3, sequence(...extensions.map(encodeExtension))),
  );
  const signature = sign('sha256', tbs, parts.signingKey ?? testKey('ca'));
  return { tbs, der: sequence(tbs, parts.outerSignatureAlgorithm ?? algorithm, bitString(signature)) };
}

function encodeExtension({ oid, critical, value }: MadeExtension): Buffer {
  return sequence(objectIdentifier(oid), critical === true ? boolean(true) : undefined, octetString(value));
}

/** A leaf's usual extensions; each entry of `replaced` (by OID) takes its place, null leaves it out. */
export function leafExtensions(
  replaced: Readonly<Record<string, MadeExtension | null>> = {},
): MadeExtension[] {
  const usual: MadeExtension[] = [
    keyUsage(keyUsageBits.digitalSignature),
    { oid: oids.extKeyUsage, value: encodeExtKeyUsage(['1.3.6.1.5.5.7.3.1']) },
    { oid: oids.basicConstraints, critical: true, value: sequence() },
    authorityKeyId(),
    altNames({ dnsNames: ['www.example.com'] }),
  ];
  return replace(usual, replaced);
}

/** A CA's usual extensions. */
export function caExtensions(replaced: Readonly<Record<string, MadeExtension | null>> = {}): MadeExtension[] {
  const usual: MadeExtension[] = [
    keyUsage(keyUsageBits.certSign | keyUsageBits.crlSign),
    { oid: oids.basicConstraints, critical: true, value: sequence(boolean(true)) },
    { oid: oids.subjectKeyIdentifier, value: octetString(keyId('leaf')) },
    authorityKeyId(),
  ];
  return replace(usual, replaced);
}

function replace(
  usual: MadeExtension[],
  replaced: Readonly<Record<string, MadeExtension | null>>,
): MadeExtension[] {
  const kept = usual.flatMap((one) => {
    const other = replaced[one.oid];
    return other === null ? [] : [other ?? one];
  });
  const added = Object.values(replaced).filter(
    (one) => one !== null && !usual.some(({ oid }) => oid === one.oid),
  );
  return [...kept, ...added.filter((one) => one !== null)];
}

export function keyUsage(mask: number, critical = true): MadeExtension {
  return { oid: oids.keyUsage, critical, value: namedBits(mask) };
}

export function altNames(names: RequestedNames, critical = false): MadeExtension {
  return { oid: oids.subjectAltName, critical, value: encodeSubjectAltName(names) ?? sequence() };
}

function authorityKeyId(): MadeExtension {
  return { oid: oids.authorityKeyIdentifier, value: sequence(element(contextPrimitive(0), keyId('ca'))) };
}

function keyId(name: string): Buffer {
  return createHash('sha1')
    .update(spki(testKey(name)))
    .digest();
}

function spki(key: KeyObject): Buffer {
  return (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
}
