/** Garbage in the Secrets that we read: the issuer says which one, and what it stood in the way of is issued anyhow. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Secret } from '../../src/api/core.ts';
import type { Issuer } from '../../src/api/issuer.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { issuers, secrets } from '../../src/api/resources.ts';
import { checkSecret } from '../../src/controllers/testing/check-secret.ts';
import { namespace, StandaloneWorld } from './standalone-world.ts';

const write = { fieldManager: 'test' };
const armour = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replaceAll(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
/** SEQUENCE in SEQUENCE in SEQUENCE, of indefinite length. */
const nested = Buffer.from('3080'.repeat(20_000), 'hex');
const garbage: Record<string, string> = {
  'random bytes': randomBytes(4096).toString('latin1'),
  'a PEM bomb': '-----BEGIN CERTIFICATE-----\n'.repeat(18_000),
  'armour around random bytes': armour(randomBytes(2048)),
  'armour around endless nesting': armour(nested),
  'a length beyond the end': armour(Buffer.from('3084ffffffff0201', 'hex')),
  'an empty block': armour(Buffer.alloc(0)),
};

for (const [what, value] of Object.entries(garbage)) {
  test(`${what} for the key pair of a CA, and in the place of a Certificate`, async (t) => {
    const world = await StandaloneWorld.start(t);
    const data = {
      'tls.crt': Buffer.from(value, 'latin1').toString('base64'),
      'tls.key': Buffer.from(value, 'latin1').toString('base64'),
    };
    const put = async (name: string): Promise<void> => {
      const metadata = { name, namespace };
      const object: Secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, data };
      await world.user.create(secrets, object, write);
    };
    await put('ca-pair');
    await put('web');
    const issuer = { apiVersion: 'cert-manager.io/v1', kind: 'Issuer', metadata: { name: 'ca', namespace } };
    await world.user.create(
      issuers,
      { ...issuer, spec: { ca: { secretName: 'ca-pair' } } } as KubeObject,
      write,
    );
    await world.clusterIssuer('selfsigned', { selfSigned: {} });
    await world.certificate('waiting', { issuerRef: { name: 'ca' } });
    const begun = performance.now();
    await world.certificate('web', { commonName: 'web' });
    await world.clock.advance(5000);
    assert.ok(performance.now() - begun < 5_000);
    const { status } = await world.user.get<Issuer>(issuers, { namespace, name: 'ca' });
    const ready = status?.conditions?.[0];
    assert.equal(ready?.status, 'False');
    assert.match(ready?.message ?? '', /ca-pair/);
    assert.ok((ready?.message ?? '').length < 1024);
    assert.equal((await world.condition('web', 'Ready'))?.status, 'True');
    checkSecret(await world.secret('web'));
    assert.equal((await world.condition('waiting', 'Ready'))?.status, 'False');
    assert.equal((await world.get('waiting')).status?.revision, undefined);
  });
}
