/** Each rule over keys and signature algorithms, with a certificate that keeps it and one that breaks it. */

import { generateKeyPairSync } from 'node:crypto';

import {
  bitString,
  nullValue,
  objectIdentifier,
  sequence,
  smallInteger,
  unsignedInteger,
} from '../../asn1/der-writer.ts';
import { oids } from '../../asn1/oids.ts';
import { signatureAlgorithms } from '../../x509/signature-algorithm.ts';
import { checkRules } from '../testing/rule-cases.ts';
import { keyRules } from './keys.ts';

/** A public key that nobody has the private half of: the rules only measure it. */
function rsa(bits: number, exponent = 65_537): Buffer {
  const modulus = Buffer.alloc(bits / 8, 0xab);
  const key = sequence(unsignedInteger(modulus), smallInteger(exponent));
  return sequence(sequence(objectIdentifier(oids.rsaEncryption), nullValue()), bitString(key));
}
const curve = (namedCurve: string, paramEncoding: 'named' | 'explicit' = 'named') => ({
  publicKey: generateKeyPairSync('ec', { namedCurve, paramEncoding }).publicKey,
});
const algorithm = (oid: string) => ({ signatureAlgorithm: sequence(objectIdentifier(oid), nullValue()) });
const bytes = sequence(sequence(objectIdentifier('1.2.3')), bitString(Buffer.of(1)));

checkRules(keyRules, {
  key_unreadable: { fails: { spki: bytes } },
  key_explicit_curve: { fails: curve('prime256v1', 'explicit'), passes: curve('prime256v1') },
  key_rsa_below_1024: { fails: { spki: rsa(512) }, passes: { spki: rsa(1024) } },
  key_rsa_below_2048: { fails: { spki: rsa(1024) }, passes: { spki: rsa(2048) } },
  key_rsa_exponent: {
    fails: [{ spki: rsa(2048, 1) }, { spki: rsa(2048, 4) }],
    passes: { spki: rsa(2048, 3) },
  },
  key_curve_weak: { fails: curve('prime192v1'), passes: curve('secp384r1') },
  signature_algorithm_malformed: { fails: { signatureAlgorithm: sequence(nullValue()) } },
  signature_broken_hash: { fails: algorithm('1.2.840.113549.1.1.4') },
  signature_sha1: {
    fails: algorithm('1.2.840.113549.1.1.5'),
    passes: { signatureAlgorithm: signatureAlgorithms.SHA256WithRSA.identifier },
  },
});
