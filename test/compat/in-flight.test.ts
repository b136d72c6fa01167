/** Issuances that another controller had begun go on with us: the same request, the same key, no second beginning. */
import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Certificate } from '../../src/api/certificate.ts';
import type { Secret } from '../../src/api/core.ts';
import type { Issuer } from '../../src/api/issuer.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { certificateRequests, certificates, issuers, secrets } from '../../src/api/resources.ts';
import { CompatWorld } from './compat-world.ts';
import { certManagerFixtures, ownFixtures, restoreInto, afterwards, type FixtureSet } from './fixture-set.ts';
import { sign, takeUp } from './slow-issuer.ts';

const text = (secret: Secret, key: string): string =>
  Buffer.from(secret.data?.[key] ?? '', 'base64').toString();

const spkiOfKey = (secret: Secret): string =>
  createPublicKey(text(secret, 'tls.key')).export({ format: 'pem', type: 'spki' }).toString();

const spkiOfCertificate = (secret: Secret): string =>
  new X509Certificate(text(secret, 'tls.crt')).publicKey.export({ format: 'pem', type: 'spki' }).toString();

async function adopted(fixtures: FixtureSet): Promise<{ world: CompatWorld; set: FixtureSet }> {
  const world = new CompatWorld(afterwards(fixtures));
  await world.open();
  const set = await restoreInto(world, fixtures);
  await world.start();
  return { world, set };
}

/** The key in flight, by the name that the Certificate's status gives it. */
async function keyInFlight(world: CompatWorld, set: FixtureSet, name: string): Promise<Secret> {
  const certificate = set.certificates.find(({ metadata }) => metadata?.name === name);
  const secret = certificate?.status?.nextPrivateKeySecretName ?? '';
  return world.get<Secret>(secrets, 'shop', secret);
}

/** The target Secret holds the key that was in flight; the request is the one that was there; the spare key is gone. */
async function checkIssued(
  world: CompatWorld,
  set: FixtureSet,
  name: string,
  inFlight: Secret,
): Promise<void> {
  const certificate = await world.get<Certificate>(certificates, 'shop', name);
  assert.equal(certificate.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True', name);
  assert.equal(
    certificate.status?.conditions?.some(({ type }) => type === 'Issuing'),
    false,
  );
  assert.equal(certificate.status?.revision, 1);
  assert.equal(certificate.status?.nextPrivateKeySecretName, undefined);
  const target = await world.get<Secret>(secrets, 'shop', certificate.spec.secretName);
  assert.equal(spkiOfKey(target), spkiOfKey(inFlight));
  assert.equal(spkiOfCertificate(target), spkiOfKey(inFlight));
  const request = await world.get<CertificateRequest>(certificateRequests, 'shop', `${name}-1`);
  const theirs = set.requests.find(({ metadata }) => metadata?.name === `${name}-1`);
  assert.equal(request.metadata?.uid, theirs?.metadata?.uid);
  const left = await world.all<KubeObject>(secrets);
  assert.ok(
    !left.some(({ metadata }) => metadata?.name === inFlight.metadata?.name),
    'the spare key is deleted',
  );
}

async function externalAnswers(fixtures: FixtureSet): Promise<void> {
  const { world, set } = await adopted(fixtures);
  try {
    const key = await keyInFlight(world, set, 'in-flight');
    await sign(world, 'in-flight-1');
    await checkIssued(world, set, 'in-flight', key);
    assert.deepEqual(world.problems, []);
  } finally {
    await world.close();
  }
}

async function temporaryFirst(fixtures: FixtureSet): Promise<void> {
  const { world, set } = await adopted(fixtures);
  try {
    const key = await keyInFlight(world, set, 'temporary');
    const before = await world.all<KubeObject>(secrets);
    assert.ok(
      !before.some(({ metadata }) => metadata?.name === 'temporary'),
      'nobody has taken the request up',
    );
    await takeUp(world, 'temporary-1');
    const temporary = await world.get<Secret>(secrets, 'shop', 'temporary');
    assert.equal(spkiOfCertificate(temporary), spkiOfKey(key));
    assert.match(new X509Certificate(text(temporary, 'tls.crt')).issuer, /CN=cert-manager\.local/);
    assert.equal(temporary.data?.['ca.crt'], undefined);
    await sign(world, 'temporary-1');
    await checkIssued(world, set, 'temporary', key);
    assert.deepEqual(world.problems, []);
  } finally {
    await world.close();
  }
}

async function issuerAppears(fixtures: FixtureSet): Promise<void> {
  const { world, set } = await adopted(fixtures);
  try {
    const key = await keyInFlight(world, set, 'issuer-missing');
    const ref = set.certificates.find(({ metadata }) => metadata?.name === 'issuer-missing')?.spec.issuerRef;
    const metadata = { namespace: 'shop', name: ref?.name ?? '' };
    const type = { apiVersion: 'cert-manager.io/v1', kind: 'Issuer' } as const;
    const issuer: Issuer = { ...type, metadata, spec: { selfSigned: {} } };
    await world.client().create(issuers, issuer, { fieldManager: 'test' });
    await world.settle();
    await world.clock.advance(10_000);
    await checkIssued(world, set, 'issuer-missing', key);
    assert.deepEqual(world.problems, []);
  } finally {
    await world.close();
  }
}

async function brokenIssuerHeals(fixtures: FixtureSet): Promise<void> {
  const { world } = await adopted(fixtures);
  try {
    const ready = async (): Promise<string | undefined> => {
      const { status } = await world.get<Issuer>(issuers, 'shop', 'broken-ca');
      return status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
    };
    assert.equal(await ready(), 'ErrGetKeyPair');
    const intermediate = await world.get<Secret>(secrets, 'shop', 'intermediate');
    const secret: Secret = {
      metadata: { namespace: 'shop', name: 'no-such-secret' },
      data: intermediate.data,
    };
    await world.client().create(secrets, secret, { fieldManager: 'test' });
    await world.settle();
    assert.equal(await ready(), 'KeyPairVerified');
    assert.deepEqual(world.problems, []);
  } finally {
    await world.close();
  }
}

for (const [name, fixtures] of [
  ['fixtures of cert-manager 1.21', certManagerFixtures],
  ['fixtures of our own', ownFixtures],
] as const) {
  describe(`begun before, in the ${name}`, () => {
    for (const [title, check] of [
      ['an external issuer answers at last', externalAnswers],
      ['a temporary certificate, then the real one, on the key that was in flight', temporaryFirst],
      ['a missing issuer is made', issuerAppears],
      ['a CA issuer gets its Secret', brokenIssuerHeals],
    ] as const) {
      test(title, async (context) => {
        const set = fixtures(context);
        if (set !== undefined) await check(set);
      });
    }
  });
}
