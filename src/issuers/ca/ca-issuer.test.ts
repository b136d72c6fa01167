/** Every branch of lifecycle §13 (signing), §16 (chain) and §23 (readiness) of the CA issuer. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { encodePrivateKey } from '../../pki/private-key.ts';
import { parseCertificates } from '../../pki/x509/parse-certificate.ts';
import { identity, lineOf, newKey, now, request, World, type Identity } from '../testing/issuer-world.ts';
import { CaIssuer } from './ca-issuer.ts';

const spec = { ca: { secretName: 'ca' } };
const names = (pem: string): string[] =>
  pem === '' ? [] : parseCertificates(pem).map(({ subject }) => subject[0]?.[0]?.value ?? '');

describe('the CA issuer', () => {
  let root: Identity;
  let middle: Identity;
  let low: Identity;
  let stranger: Identity;
  let leaf: Identity;
  before(async () => {
    root = await identity('Root');
    middle = await identity('Middle', { by: root });
    low = await identity('Low', { by: middle });
    stranger = await identity('Stranger');
    leaf = await identity('Leaf', { by: root, isCA: false });
  });

  const ask = request(newKey(), 'web');
  const secretKey = 'MC4CAQAwBQYDK2VwBCIEIHVuaXF1ZS1zZWNyZXQtYnl0ZXM';

  type Prepare = (world: World) => void;
  const cases: [title: string, prepare: Prepare, signs: RegExp, ready: RegExp, retry: boolean][] = [
    [
      'no Secret',
      () => undefined,
      /^pending SecretMissing: .*secret shop\/ca not found/,
      /^ErrGetKeyPair: .*secret shop\/ca not found; create it/,
      true,
    ],
    [
      'an API that cannot answer',
      (world) => (world.failure = new Error('etcd is away')),
      /^pending SecretGetError: .*shop\/ca.*etcd is away/,
      /^ErrGetKeyPair: .*shop\/ca cannot be read: etcd is away/,
      true,
    ],
    [
      'a Secret without data',
      (world) => world.put('ca', {}),
      /^pending SecretInvalidData: .*no data for "tls\.crt" in secret 'shop\/ca'/,
      /^ErrGetKeyPair: .*no data for "tls\.crt"/,
      false,
    ],
    [
      'a certificate without key',
      (world) => world.put('ca', { 'tls.crt': root.pem }),
      /^pending SecretInvalidData: .*no data for "tls\.key"/,
      /^ErrGetKeyPair: .*no data for "tls\.key"/,
      false,
    ],
    [
      'a certificate that is none',
      (world) => world.put('ca', { 'tls.crt': 'x', 'tls.key': 'y' }),
      /^pending SecretInvalidData: .*"tls\.crt"/,
      /^ErrGetKeyPair: .*"tls\.crt"/,
      false,
    ],
    [
      'a key that is none, whose bytes are told to nobody',
      (world) =>
        world.put('ca', {
          'tls.crt': root.pem,
          'tls.key': `-----BEGIN PRIVATE KEY-----\n${secretKey}\n-----END PRIVATE KEY-----\n`,
        }),
      /^pending SecretInvalidData: .*"tls\.key"/,
      /^ErrGetKeyPair: .*"tls\.key"/,
      false,
    ],
    [
      'a broken ca.crt',
      (world) => world.putPair('ca', root, { 'ca.crt': 'nonsense' }),
      /^pending SecretInvalidData: .*"ca\.crt"/,
      /^ErrGetKeyPair: .*"ca\.crt"/,
      false,
    ],
    [
      'an empty ca.crt, which counts as none',
      (world) => world.putPair('ca', root, { 'ca.crt': '' }),
      /^issued/,
      /^KeyPairVerified: /,
      false,
    ],
    [
      'a leaf in the place of a CA',
      (world) => world.putPair('ca', leaf),
      /^failed SigningError: .*not a CA/,
      /^ErrInvalidKeyPair: .*no CA flag; issue it with isCA/,
      false,
    ],
    [
      'the key of another certificate, which readiness does not look at',
      (world) => world.putPair('ca', { pem: root.pem, key: stranger.key }),
      /^failed SigningError: .*shop\/ca/,
      /^KeyPairVerified: /,
      false,
    ],
    [
      'a ca.crt that has nothing to do with tls.crt',
      (world) => world.putPair('ca', root, { 'ca.crt': stranger.pem }),
      /^failed SigningError: .*chain is malformed or broken/,
      /^KeyPairVerified: /,
      false,
    ],
    [
      'a chain in the wrong order',
      (world) => world.putPair('ca', { key: root.key, pem: root.pem + middle.pem }),
      /^failed SigningError: .*not the lowest of its chain/,
      /^KeyPairVerified: /,
      false,
    ],
  ];
  for (const [title, prepare, signs, ready, retry] of cases) {
    it(title, async () => {
      const world = new World(spec);
      prepare(world);
      const issuer = new CaIssuer();
      const outcome = await issuer.sign(world, ask);
      assert.match(lineOf(outcome), signs);
      assert.doesNotMatch(JSON.stringify(outcome), new RegExp(secretKey));
      const readiness = await issuer.check(world);
      assert.match(`${readiness.reason}: ${readiness.message}`, ready);
      assert.doesNotMatch(JSON.stringify(readiness), new RegExp(secretKey));
      assert.equal(readiness.retry, retry);
      assert.equal(readiness.ready, readiness.reason === 'KeyPairVerified');
      assert.equal(readiness.event?.reason, readiness.reason);
      assert.equal(readiness.event?.type, readiness.ready ? 'Normal' : 'Warning');
      if (outcome.kind === 'pending') assert.equal(outcome.retry, outcome.reason === 'SecretGetError');
    });
  }

  const chains: [
    title: string,
    pem: () => string,
    key: () => Identity,
    ca: () => string,
    chain: string[],
    top: string,
  ][] = [
    ['a root alone', () => root.pem, () => root, () => '', ['web'], 'Root'],
    ['an intermediate alone', () => middle.pem, () => middle, () => '', ['web', 'Middle'], 'Middle'],
    [
      'an intermediate with its root in ca.crt',
      () => middle.pem,
      () => middle,
      () => root.pem,
      ['web', 'Middle'],
      'Root',
    ],
    [
      'a chain of two with root',
      () => low.pem + middle.pem,
      () => low,
      () => root.pem,
      ['web', 'Low', 'Middle'],
      'Root',
    ],
    [
      'the root in both entries',
      () => middle.pem + root.pem,
      () => middle,
      () => root.pem,
      ['web', 'Middle'],
      'Root',
    ],
    [
      'only the first certificate of ca.crt counts',
      () => middle.pem,
      () => middle,
      () => root.pem + stranger.pem,
      ['web', 'Middle'],
      'Root',
    ],
  ];
  for (const [title, pem, key, ca, chain, top] of chains) {
    it(`chain of ${title}`, async () => {
      const world = new World(spec);
      world.putPair('ca', { key: key().key, pem: pem() }, ca() === '' ? {} : { 'ca.crt': ca() });
      const outcome = await new CaIssuer().sign(world, ask);
      assert.equal(outcome.kind, 'issued', lineOf(outcome));
      if (outcome.kind !== 'issued') return;
      assert.deepEqual(names(outcome.certificate), chain);
      assert.deepEqual(names(outcome.ca ?? ''), [top]);
    });
  }

  it('requests that contradict themselves fail, bounded and with the cause', async () => {
    const world = new World(spec);
    world.putPair('ca', root);
    const bad: [change: Parameters<typeof request>[2], message: RegExp][] = [
      [{ request: Buffer.from('x').toString('base64') }, /PEM/],
      [{ request: '' }, /PEM/],
      [{ duration: '-1h' }, /spec\.duration "-1h" is not a positive duration/],
      [{ duration: `${'9'.repeat(10_000)}x` }, /spec\.duration "9{64}"/],
      [{ usages: ['no such usage' as never] }, /no such usage/],
    ];
    for (const [change, message] of bad) {
      const outcome = await new CaIssuer().sign(world, request(newKey(), 'web', change));
      assert.equal(outcome.kind, 'failed', JSON.stringify(change).slice(0, 80));
      assert.match(lineOf(outcome), /^failed SigningError: /);
      assert.match(lineOf(outcome), message);
      assert.ok(lineOf(outcome).length < 600);
    }
  });

  it('the certificate starts now and may outlive its CA', async () => {
    const world = new World(spec);
    world.putPair('ca', await identity('Short', { durationMs: 3_600_000 }));
    const outcome = await new CaIssuer().sign(world, request(newKey(), 'web', { duration: '48h' }));
    assert.equal(outcome.kind, 'issued', lineOf(outcome));
    if (outcome.kind !== 'issued') return;
    const [parsed] = parseCertificates(outcome.certificate);
    assert.equal(Number(parsed?.notBefore), now.getTime());
    assert.equal(Number(parsed?.notAfter), now.getTime() + 48 * 3_600_000);
  });

  it('a Secret is read once for each of its versions, and a CA that is gone is not used from memory', async () => {
    const world = new World(spec);
    world.putPair('ca', root);
    const issuer = new CaIssuer();
    for (let i = 0; i < 3; i++) assert.match(lineOf(await issuer.sign(world, ask)), /^issued/);
    assert.deepEqual(world.reads, ['shop/ca']);
    world.putPair('ca', stranger);
    const rotated = await issuer.sign(world, ask);
    assert.deepEqual(rotated.kind === 'issued' && names(rotated.ca ?? ''), ['Stranger']);
    assert.equal(world.reads.length, 2);
    world.secrets.clear();
    assert.match(lineOf(await issuer.sign(world, ask)), /^pending SecretMissing/);
    world.put('ca', { 'tls.crt': root.pem, 'tls.key': encodePrivateKey(root.key) });
    assert.match(lineOf(await issuer.sign(world, ask)), /^issued/);
  });

  it('a ClusterIssuer reads the cluster resource namespace, and says so when nothing is there', async () => {
    const world = new World(spec, { cluster: true });
    world.put('ca', { 'tls.crt': root.pem }, 'shop');
    const readiness = await new CaIssuer().check(world);
    assert.match(
      readiness.message,
      /secret pki\/ca not found \(ClusterIssuers read Secrets in this namespace only\)/,
    );
    assert.deepEqual(world.reads, ['pki/ca']);
    assert.deepEqual(new CaIssuer().referencedSecrets(world.issuer), ['ca']);
    assert.deepEqual(new CaIssuer().referencedSecrets({ spec: {} }), []);
  });
});
