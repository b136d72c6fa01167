/** Five hundred Ingresses at once: as many Certificates, as many requests as there are things to say, and nothing left at the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from '../../../src/api/certificate.ts';
import { ingresses } from '../../../src/api/networking.ts';
import { certificates } from '../../../src/api/resources.ts';
import { until } from '../../cluster/until.ts';
import { namespace } from '../standalone-world.ts';
import { ShimWorld, type Texts } from './shim-world.ts';

const count = 500;
const all = Array.from({ length: count }, (_, i) => `app${i}`);
/** What ingress-shim asks for is counted here; what an issuance costs is counted elsewhere. */
const nobody = { 'cert-manager.io/issuer': 'nobody' };

test('500 Ingresses of three hosts: created, changed, deleted', { timeout: 180_000 }, async (t) => {
  const it = await ShimWorld.start(t, {}, [], { inMemory: true });
  const put = (name: string, annotations: Texts): Promise<void> => {
    const hosts = ['', 'www.', 'api.'].map((prefix) => `${prefix}${name}.example.com`);
    return it.ingress(name, [{ hosts, secretName: `${name}-tls` }], annotations);
  };
  /** Asking the server again and again would be the larger part of the work. */
  const cached = it.world.controllers.informers.certificates;
  const list = async (): Promise<Certificate[]> =>
    (await it.world.user.list<Certificate>(certificates, { namespace })).items;

  await Promise.all(all.map((name) => put(name, nobody)));
  await until('every Certificate is there', () => Promise.resolve(cached.size === count));
  await it.world.settle();
  const made = it.written();
  assert.deepEqual(made.toSorted(), all.map((name) => `create ${name}-tls`).toSorted());
  assert.ok((await list()).every(({ spec }) => spec.dnsNames?.length === 3));

  const changed = {
    ...nobody,
    'cert-manager.io/usages': 'server auth',
    'cert-manager.io/issuer-group': 'x.io',
  };
  await Promise.all(all.map((name) => put(name, changed)));
  const isChanged = ({ spec }: Certificate): boolean =>
    spec.issuerRef.group === 'x.io' && spec.usages?.length === 1;
  await until('every Certificate has changed', () => Promise.resolve([...cached.values()].every(isChanged)));
  await it.world.settle();
  assert.ok((await list()).every(isChanged));
  assert.deepEqual(it.written().toSorted(), all.map((name) => `patch ${name}-tls`).toSorted());

  await Promise.all(all.map((name) => it.remove(ingresses, name)));
  await until('every Certificate is gone', () => Promise.resolve(cached.size === 0));
  await it.world.settle();
  assert.deepEqual(it.written(), []);
  assert.deepEqual(await list(), []);
  assert.deepEqual(it.world.problems, []);
});
