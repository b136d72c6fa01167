/** Names and labels are those by which cert-manager finds its own (spec/acme.md §8.2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { adler32, identityLabels, labelsOf, metadataOf, urlHost } from './identity.ts';
import { sampleChallenge } from './testing/sample-challenge.ts';

test('Adler-32 is that of zlib (RFC 1950 §2.2: the last four octets of its streams)', () => {
  assert.equal(adler32('web.example.com'), 776_275_398);
  fc.assert(
    fc.property(fc.string({ maxLength: 6000, unit: 'grapheme' }), (text) => {
      assert.equal(
        adler32(text),
        deflateSync(Buffer.from(text)).readUInt32BE(deflateSync(Buffer.from(text)).length - 4),
      );
    }),
  );
});

test('no flag and no template changes what identifies an object', () => {
  const challenge = sampleChallenge({ ingress: {} });
  const identity = identityLabels(challenge);
  const stranger = Object.fromEntries(Object.keys(identity).map((key) => [key, 'x']));
  assert.deepEqual(labelsOf(challenge, { team: 'web', ...stranger }, stranger), { team: 'web', ...identity });
});

test("everything is the Challenge's, in its namespace", () => {
  const challenge = sampleChallenge({ ingress: {} });
  assert.deepEqual(metadataOf(challenge, { a: 'b' }), {
    generateName: 'cm-acme-http-solver-',
    namespace: 'shop',
    labels: { a: 'b' },
    ownerReferences: [
      {
        apiVersion: 'acme.cert-manager.io/v1',
        kind: 'Challenge',
        name: 'web-1-2-3',
        uid: 'c0ffee',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  });
});

test('IPv6 addresses stand in brackets in URLs', () => {
  assert.equal(urlHost('2001:db8::1'), '[2001:db8::1]');
  assert.equal(urlHost('192.0.2.1'), '192.0.2.1');
});
