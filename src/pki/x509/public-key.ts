/** SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): its form when parsed, its key when asked for. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { DerReader } from '../asn1/der-reader.ts';
import { tags } from '../asn1/tags.ts';
import { KeyError } from '../errors.ts';

/** Takes the next element as a SubjectPublicKeyInfo and checks its outline. */
export function readSpki(reader: DerReader): Buffer {
  const der = reader.rawOf(tags.sequence);
  const outer = DerReader.over(der);
  const inner = outer.sequence();
  const algorithm = inner.sequence();
  algorithm.oid();
  if (!algorithm.atEnd) algorithm.raw();
  algorithm.end();
  inner.bitString();
  inner.end();
  return der;
}

/** @throws KeyError when node:crypto cannot make a key of it, for instance for a point that is not on its curve */
export function loadPublicKey(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch (cause) {
    throw new KeyError('The public key is damaged or of an unsupported type', { cause });
  }
}
