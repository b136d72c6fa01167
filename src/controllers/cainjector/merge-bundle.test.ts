/** What a bundle becomes: the rules of spec/shims-webhook-cainjector.md §21 as properties, and what hostile input does. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, test } from 'node:test';
import * as fc from 'fast-check';
import { encodePem } from '../../pki/pem.ts';
import { encodePrivateKey } from '../../pki/private-key.ts';
import { certificateFromRequest } from '../../pki/x509/certificate-from-request.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import { parseCertificates } from '../../pki/x509/parse-certificate.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { createSigner } from '../../pki/x509/sign-certificate.ts';
import { longestBundle, mergeBundle, type MergedBundle } from './merge-bundle.ts';

const now = Date.parse('2026-06-01T00:00:00Z');
const day = 24 * 3_600_000;
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

/** PEM of CAs, the first four valid, the others expired. */
const valid: string[] = [];
const expired: string[] = [];
before(async () => {
  for (let index = 0; index < 7; index++) {
    const csr = parseCsr(createCsr({ commonName: `CA ${index}`, isCA: true }, key));
    const at = index < 4 ? now - day : now - 10 * day;
    const ask = { csr, now: at, isCA: true, duration: 5 * day };
    (index < 4 ? valid : expired).push(
      encodePem('CERTIFICATE', await certificateFromRequest(ask, createSigner(key))),
    );
  }
});

const merge = (current: string, source: string): MergedBundle =>
  mergeBundle(Buffer.from(current), Buffer.from(source), now);
/** What the field holds afterwards. */
function after(current: string, source: string): string {
  const merged = merge(current, source);
  return merged.kind === 'write' ? merged.pem : current;
}
const ders = (pem: string): string[] =>
  pem === '' ? [] : parseCertificates(pem).map(({ der }) => der.toString('hex'));

/** Bundles of certificates of both sorts, some of them twice. */
const bundle = fc
  .array(fc.tuple(fc.boolean(), fc.nat(3)), { maxLength: 6 })
  .map((picks) => picks.map(([good, at]) => (good ? valid[at]! : expired[at % 3]!)).join(''));

test('whatever was there, every valid certificate of both sides is in it once, the old ones first, and none that expired', () => {
  fc.assert(
    fc.property(bundle, bundle, (current, source) => {
      const good = new Set(valid.flatMap(ders));
      const fresh = ders(source).filter((der) => good.has(der));
      if (fresh.length === 0) {
        assert.equal(merge(current, source).kind, 'refused');
        return;
      }
      const wanted = [...new Set([...ders(current).filter((der) => good.has(der)), ...fresh])];
      assert.deepEqual(ders(after(current, source)), wanted);
    }),
  );
});

test('a second time changes nothing', () => {
  fc.assert(
    fc.property(bundle, bundle, (current, source) => {
      if (merge(current, source).kind === 'refused') return;
      assert.deepEqual(merge(after(current, source), source), { kind: 'unchanged' });
    }),
  );
});

test('text between the certificates is nobody’s business: a bundle that says the same is left as it is', () => {
  const [a = '', b = ''] = valid;
  const commented = `# old\n${a}\n# new\n${b.replaceAll('\n', '\r\n')}`;
  assert.deepEqual(merge(commented, b), { kind: 'unchanged' });
  assert.deepEqual(merge(commented, a), { kind: 'unchanged' });
});

test('a rotated CA joins the old one, which stays until it has expired', () => {
  const [old = '', fresh = ''] = valid;
  assert.deepEqual(ders(after(old, fresh)), ders(old + fresh));
  assert.deepEqual(ders(after(expired[0]! + old, fresh)), ders(old + fresh));
  assert.deepEqual(ders(after(expired[0]!, fresh)), ders(fresh));
});

test('a field that cannot be read gives way to the source', () => {
  const [ca = ''] = valid;
  const damaged = ca.replace(/[A-Za-z]{4}\n/u, '!!!!\n');
  for (const current of [
    '',
    '\n',
    'garbage',
    damaged,
    encodePem('CERTIFICATE', Buffer.from('no DER')),
    encodePrivateKey(key),
  ])
    assert.equal(after(current, ca), ca, current.slice(0, 40));
});

test('a certificate that we are too strict for is passed on as it is, and nothing around it', () => {
  const odd = encodePem('CERTIFICATE', Buffer.from('3000', 'hex'));
  assert.equal(after(valid[0]!, `# made by hand\n${odd}`), odd);
  assert.deepEqual(merge(odd, odd), { kind: 'unchanged' });
});

test('nothing but certificates is ever published', () => {
  const [ca = ''] = valid;
  const secret = encodePrivateKey(key);
  for (const source of [
    '',
    'garbage',
    secret,
    ca + secret,
    `${secret}${ca}`,
    '-----BEGIN CERTIFICATE-----\n',
  ])
    assert.equal(merge(ca, source).kind, 'refused', source.slice(0, 40));
  assert.equal(
    merge('', expired.join('')).kind,
    'refused',
    'an empty bundle would trust what the system trusts',
  );
});

test('size is bounded: a source that is too long is refused, a field that is gives way', () => {
  const [a = '', b = ''] = valid;
  const long = `${a}${'#'.repeat(longestBundle)}`;
  assert.equal(merge(a, long).kind, 'refused');
  assert.equal(after(long, b), b);
});

test('hostile text neither throws nor gets through', () => {
  const pieces = fc.constantFrom(
    '-----BEGIN CERTIFICATE-----',
    '-----END CERTIFICATE-----',
    '-----BEGIN ',
    '-----',
    '\n',
    'AAAA',
    'MIIB\n',
    'Proc-Type: 4,ENCRYPTED\n\n',
    '\0',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      const text = parts.join('');
      const merged = merge('', text);
      if (merged.kind === 'write')
        assert.match(
          merged.pem,
          /^(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]*-----END CERTIFICATE-----\n)+$/u,
        );
      assert.notEqual(merge(text, valid[0]!).kind, 'refused');
    }),
  );
});
