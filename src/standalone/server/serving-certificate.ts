/** The server's own CA, kept in the data folder, and the serving certificates that it signs. */
import { messageOf } from '../../api/message-of.ts';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { decodeFirstPem, encodePem } from '../../pki/pem.ts';
import { generateKey, spkiOf } from '../../pki/keys.ts';
import { oids } from '../../pki/asn1/oids.ts';
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  encodeExtension,
  extKeyUsageExtension,
  keyUsageExtension,
  subjectKeyIdentifier,
  subjectKeyIdentifierExtension,
} from '../../pki/x509/extensions.ts';
import { encodeSubjectAltName } from '../../pki/x509/general-names.ts';
import { extKeyUsageByName, keyUsageBits } from '../../pki/x509/key-usage.ts';
import { encodeName, nameFromFields } from '../../pki/x509/name.ts';
import { parseCertificate, type ParsedCertificate } from '../../pki/x509/parse-certificate.ts';
import { createSigner, signCertificate } from '../../pki/x509/sign-certificate.ts';
import { ListenError } from '../errors.ts';
import { writePrivateFile } from './private-file.ts';

export interface ServingCa {
  key: KeyObject;
  certificate: ParsedCertificate;
  /** PEM. */
  text: string;
}

export interface ServingCertificate {
  /** PEM. */
  key: string;
  /** PEM. */
  cert: string;
  notAfter: number;
}

interface Surroundings {
  /** Absent: nothing is kept. */
  dataDir: string | undefined;
  random: (size: number) => Uint8Array;
  now: () => number;
}

const DAY = 86_400_000;
const CA_YEARS = 10;
/** A CA is renewed this long before it ends: longer than a serving certificate lives, so that none has to be shortened. */
const CA_RENEWAL_DAYS = 3 * 365;
const SERVING_DAYS = 365;
const MAX_PEM_BYTES = 65_536;

function serialOf(random: (size: number) => Uint8Array): Uint8Array {
  const serial = Buffer.from(random(16));
  serial[0] = (serial[0]! & 0x7f) | 0x40; // Positive and of full length (RFC 5280 §4.1.2.2).
  return serial;
}

function certificatePem(der: Uint8Array): string {
  return encodePem('CERTIFICATE', der);
}

function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * Key and certificate of the CA: `present` or what the data folder keeps, while it has three years to go. Its successor
 * has the same name and key, so that clients that know only the older certificate go on trusting until that one ends.
 */
export async function servingCa(surroundings: Surroundings, present?: ServingCa): Promise<ServingCa> {
  const { dataDir, now, random } = surroundings;
  const path = dataDir === undefined ? undefined : join(dataDir, 'serving-ca.pem');
  const kept = present ?? (path !== undefined && existsSync(path) ? readCa(path) : undefined);
  const left = (kept?.certificate.notAfter.getTime() ?? 0) - now();
  if (kept !== undefined && left > CA_RENEWAL_DAYS * DAY) return kept;
  // A CA that has ended is trusted by nobody any more: nothing is lost with its key.
  const key =
    kept !== undefined && left > 0 ? kept.key : await generateKey({ algorithm: 'ECDSA', size: 256 });
  const spki = spkiOf(key);
  const der = await signCertificate(
    {
      serial: serialOf(random),
      subjectDer: encodeName(nameFromFields({ organizations: ['Certwright'] }, 'Certwright API server CA')),
      notBefore: now() - DAY,
      notAfter: now() + CA_YEARS * 365 * DAY,
      spki,
      extensions: given(
        basicConstraintsExtension(true, 0),
        keyUsageExtension(keyUsageBits.certSign | keyUsageBits.crlSign | keyUsageBits.digitalSignature),
        subjectKeyIdentifierExtension(subjectKeyIdentifier(spki)),
      ),
    },
    createSigner(key),
  );
  const text = certificatePem(der);
  if (path !== undefined)
    writePrivateFile(path, `${keyPem(key)}${text}`, `serving-ca-${Buffer.from(random(8)).toString('hex')}`);
  return { key, certificate: parseCertificate(der), text };
}

function readCa(path: string): ServingCa {
  try {
    const text = readFileSync(path, 'utf8');
    const key = createPrivateKey(text);
    const certificate = text.slice(text.indexOf('-----BEGIN CERTIFICATE-----'));
    return {
      key,
      certificate: parseCertificate(decodeFirstPem(certificate, MAX_PEM_BYTES).der),
      text: certificate,
    };
  } catch (error) {
    throw new ListenError(
      'ERR_LISTEN_CA',
      `the server's CA in ${path} cannot be read (${messageOf(error)}); remove the file to have a new one made`,
      { cause: error },
    );
  }
}

function given(...extensions: (Buffer | undefined)[]): Buffer[] {
  return extensions.filter((extension) => extension !== undefined);
}

/** PEM of a new key and certificate, for a year, for the given names and addresses. */
export async function servingCertificate(
  ca: ServingCa,
  names: readonly string[],
  { random, now }: Surroundings,
): Promise<ServingCertificate> {
  const key = await generateKey({ algorithm: 'ECDSA', size: 256 });
  const alternatives = encodeSubjectAltName({
    dnsNames: names.filter((name) => isIP(name) === 0),
    ipAddresses: names.filter((name) => isIP(name) !== 0),
  });
  const notAfter = Math.min(now() + SERVING_DAYS * DAY, ca.certificate.notAfter.getTime());
  const der = await signCertificate(
    {
      serial: serialOf(random),
      subjectDer: encodeName(nameFromFields({ organizations: ['Certwright'] }, 'Certwright API server')),
      notBefore: now() - DAY,
      notAfter,
      spki: spkiOf(key),
      extensions: given(
        basicConstraintsExtension(false),
        keyUsageExtension(keyUsageBits.digitalSignature),
        extKeyUsageExtension([extKeyUsageByName.get('server auth')!]),
        authorityKeyIdentifierExtension(subjectKeyIdentifier(spkiOf(ca.key))),
        alternatives === undefined ? undefined : encodeExtension(oids.subjectAltName, false, alternatives),
      ),
    },
    createSigner(ca.key, ca.certificate),
  );
  return { key: keyPem(key), cert: certificatePem(der), notAfter };
}
