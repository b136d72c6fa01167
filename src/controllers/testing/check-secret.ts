/** Reads a target Secret and insists that its key belongs to its certificate. */
import assert from 'node:assert/strict';
import type { Secret } from '../../api/core.ts';
import { decodePrivateKey, publicKeysEqual } from '../../pki/keys.ts';
import { parseCertificate, type ParsedCertificate } from '../../pki/x509/parse-certificate.ts';

export function entryOf(secret: Secret | undefined, key: string): Buffer {
  const value = secret?.data?.[key];
  assert.ok(value, `the Secret has no ${key}`);
  return Buffer.from(value, 'base64');
}

export function checkSecret(secret: Secret | undefined): ParsedCertificate {
  const leaf = parseCertificate(entryOf(secret, 'tls.crt'));
  assert.ok(
    publicKeysEqual(decodePrivateKey(entryOf(secret, 'tls.key')), leaf.publicKey),
    'key and certificate differ',
  );
  return leaf;
}
