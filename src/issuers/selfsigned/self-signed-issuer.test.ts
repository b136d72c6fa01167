/** Every branch of lifecycle §14: where the key comes from, whether it fits, and what is signed with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { privateKeySecretName } from '../../api/annotations.ts';
import { encodePrivateKey } from '../../pki/private-key.ts';
import { parseCertificates } from '../../pki/x509/parse-certificate.ts';
import { verifySignedBy } from '../../pki/x509/verify-signed-by.ts';
import { lineOf, newKey, request, World } from '../testing/issuer-world.ts';
import { SelfSignedIssuer } from './self-signed-issuer.ts';

const annotations = { [privateKeySecretName]: 'key' };
const key = newKey();
const pem = encodePrivateKey(key);
const secretBytes = 'dW5pcXVlLXNlY3JldC1ieXRlcw';

type Ask = Parameters<typeof request>[2];
const cases: [title: string, prepare: (world: World) => void, change: Ask, line: RegExp, retry?: boolean][] =
  [
    ['no annotation', () => undefined, {}, /^failed MissingAnnotation: .*private-key-secret-name/],
    [
      'an empty annotation',
      () => undefined,
      { annotations: { [privateKeySecretName]: '' } },
      /^failed MissingAnnotation: /,
    ],
    ['no Secret', () => undefined, { annotations }, /^pending MissingSecret: .*shop\/key not found/, false],
    [
      'a Secret in the namespace of the ClusterIssuer instead of the request',
      (world) => world.put('key', { 'tls.key': pem }, 'pki'),
      { annotations },
      /^pending MissingSecret: .*shop\/key not found/,
      false,
    ],
    [
      'an API that cannot answer',
      (world) => (world.failure = new Error('etcd is away')),
      { annotations },
      /^pending ErrorGettingSecret: .*shop\/key.*etcd is away/,
      true,
    ],
    [
      'a Secret without key',
      (world) => world.put('key', {}, 'shop'),
      { annotations },
      /^pending ErrorParsingKey: .*no data for "tls\.key" in secret 'shop\/key'/,
      false,
    ],
    [
      'a key that is none, whose bytes are told to nobody',
      (world) => world.put('key', { 'tls.key': `-----BEGIN PRIVATE KEY-----\n${secretBytes}\n` }, 'shop'),
      { annotations },
      /^pending ErrorParsingKey: .*shop\/key/,
      false,
    ],
    [
      'another key than that of the CSR',
      (world) => world.put('key', { 'tls.key': encodePrivateKey(newKey()) }, 'shop'),
      { annotations },
      /^failed ErrorKeyMatch: /,
    ],
    [
      'a CSR that is none',
      (world) => world.put('key', { 'tls.key': pem }, 'shop'),
      { annotations, request: 'eA==' },
      /^failed ErrorGenerating: /,
    ],
    [
      'an impossible duration',
      (world) => world.put('key', { 'tls.key': pem }, 'shop'),
      { annotations, duration: '0s' },
      /^failed ErrorGenerating: .*spec\.duration "0s"/,
    ],
    ['the right key', (world) => world.put('key', { 'tls.key': pem }, 'shop'), { annotations }, /^issued/],
  ];

for (const [title, prepare, change, line, retry] of cases) {
  test(title, async () => {
    const world = new World({ selfSigned: {} }, { cluster: true });
    prepare(world);
    const outcome = await new SelfSignedIssuer().sign(world, request(key, 'web', change));
    assert.match(lineOf(outcome), line);
    assert.doesNotMatch(JSON.stringify(outcome), new RegExp(secretBytes));
    if (outcome.kind === 'pending') assert.equal(outcome.retry, retry);
  });
}

test('the certificate is its own issuer, chain and CA, with the distribution points of the issuer', async () => {
  const crlDistributionPoints = ['http://crl.example.com/a.crl'];
  const world = new World({ selfSigned: { crlDistributionPoints } });
  const outcome = await new SelfSignedIssuer().sign(world, request(key, 'web', { isCA: true }), key);
  assert.equal(outcome.kind, 'issued', lineOf(outcome));
  if (outcome.kind !== 'issued') return;
  assert.equal(outcome.ca, outcome.certificate);
  const [certificate, ...rest] = parseCertificates(outcome.certificate);
  assert.ok(certificate !== undefined && verifySignedBy(certificate, certificate));
  assert.equal(rest.length, 0);
  assert.ok(certificate.der.includes(Buffer.from(crlDistributionPoints[0] ?? '')));
  assert.deepEqual(world.reads, [], 'a key that the caller holds is not read');
});

test('an empty subject is issued with the warning of the specification', async () => {
  const outcome = await new SelfSignedIssuer().sign(new World({ selfSigned: {} }), request(key, ''), key);
  assert.equal(outcome.kind, 'issued', lineOf(outcome));
  if (outcome.kind !== 'issued') return;
  assert.deepEqual(outcome.warnings?.map(({ type, reason }) => [type, reason])[0], ['Warning', 'BadConfig']);
  assert.match(outcome.warnings?.[0]?.message ?? '', /subject|Subject|DN/);
});

test('it is Ready at once and depends on no Secret', async () => {
  const issuer = new SelfSignedIssuer();
  assert.deepEqual(await issuer.check(), { ready: true, reason: 'IsReady', message: '', retry: false });
  assert.deepEqual(issuer.referencedSecrets(), []);
});
