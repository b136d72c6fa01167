import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ClusterIssuer } from '../../api/issuer.ts';
import { clusterIssuers, secrets } from '../../api/resources.ts';
import { Fleet } from '../testing/fleet.ts';

const fleet = new Fleet();
after(() => fleet.stop());
const write = { fieldManager: 'test' };
const namespace = 'kube-system';

test('a Secret wakes the issuers that name it, and its cost does not grow with their number', async () => {
  for (let i = 0; i < 300; i++) await fleet.caIssuer(`ca-${i}`, `pair-${i}`);
  await fleet.start();
  // Issuers without their Secret are checked again by and by: no timer falls due here, the clock stands still.
  const { clusterIssuers: informer } = fleet.controllers.informers;
  const [get, values] = [informer.get.bind(informer), informer.values.bind(informer)];
  const looks: string[] = [];
  informer.get = (key) => {
    looks.push(key);
    return get(key);
  };
  informer.values = () => {
    looks.push('everybody');
    return values();
  };
  const secret = (name: string, labels: Record<string, string> = {}): Promise<unknown> => {
    const object = { metadata: { name, namespace, labels }, data: { note: 'bm8=' } };
    return fleet.client.create(secrets, object as never, write);
  };
  await secret('nobody-s');
  await fleet.settle();
  assert.deepEqual(looks, []);
  await secret('pair-7');
  await fleet.settle();
  assert.deepEqual([...new Set(looks)], ['ca-7']);

  // One that is cached whole, as those of Certificates are, wakes it just as well.
  looks.length = 0;
  await secret('pair-9', { 'controller.cert-manager.io/fao': 'true' });
  await fleet.settle();
  assert.deepEqual([...new Set(looks)], ['ca-9']);

  // An issuer that names another Secret now is woken by that one only.
  const issuer = await fleet.client.get<ClusterIssuer>(clusterIssuers, { name: 'ca-8' });
  const moved = { ...issuer, spec: { ca: { secretName: 'other' } } };
  await fleet.client.update(clusterIssuers, moved as never, write);
  await fleet.settle();
  looks.length = 0;
  await secret('pair-8');
  await fleet.settle();
  assert.deepEqual(looks, []);
  await secret('other');
  await fleet.settle();
  assert.deepEqual([...new Set(looks)], ['ca-8']);
  // Nor by anything once it is gone.
  await fleet.client.delete(clusterIssuers, { name: 'ca-7' });
  await fleet.settle();
  looks.length = 0;
  await fleet.client.delete(secrets, { namespace, name: 'pair-7' });
  await fleet.settle();
  assert.deepEqual(looks, []);
});
