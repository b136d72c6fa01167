/** A renewal by hand: a new certificate, without a moment in which there is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetStarter } from '../../../controllers/testing/fleet.ts';
import { certificates } from '../../../api/resources.ts';
import { renew } from './renew.ts';

const start = fleetStarter();

test('a Certificate that is asked to renew does, and keeps what else its status says until then', async () => {
  const fleet = await start();
  await fleet.selfSigned();
  await fleet.certificate('web', {});
  await fleet.settle();
  const cluster = { client: fleet.client, clock: fleet.clock, namespace: 'shop' };
  const before = (await fleet.getCertificate('web')).status;
  assert.equal(before?.revision, 1);
  let said = '';
  fleet.client.writes.length = 0;
  assert.equal(await renew(cluster, 'web', 'text', (text) => (said += text)), 0);
  assert.match(
    said,
    /^shop\/web: a new certificate is asked for; .*certwright acme status web --namespace shop\n$/u,
  );
  await fleet.settle();
  const after = (await fleet.getCertificate('web')).status;
  assert.equal(after?.revision, 2);
  assert.equal(after?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
  assert.deepEqual(
    after?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime,
    before?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime,
    'it was Ready all the time',
  );
});

test('what is being issued is not asked for again, and what is not there is named', async () => {
  const fleet = await start();
  await fleet.certificate('web', {});
  await fleet.settle();
  const cluster = { client: fleet.client, clock: fleet.clock, namespace: 'shop' };
  const status = { conditions: [{ type: 'Issuing', status: 'True', reason: 'DoesNotExist', message: 'x' }] };
  const at = { namespace: 'shop', name: 'web' };
  await fleet.stop();
  const options = { fieldManager: 'test', subresource: 'status' } as const;
  await fleet.client.patch(certificates, at, 'merge', { status }, options);
  fleet.client.writes.length = 0;
  let said = '';
  assert.equal(await renew(cluster, 'web', 'json', (text) => (said += text)), 0);
  assert.deepEqual(JSON.parse(said), { certificate: 'shop/web', asked: false, underWay: true });
  assert.deepEqual(fleet.client.writes, []);
  await assert.rejects(
    renew(cluster, 'other', 'text', () => undefined),
    /there is no Certificate shop\/other \(--namespace chooses/u,
  );
});
