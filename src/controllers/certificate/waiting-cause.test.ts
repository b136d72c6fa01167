/** Why a Certificate waits stands in its own conditions, after a while, and costs a write only when it changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from '../../api/certificate.ts';
import { answer, externalRef, sign } from '../testing/external-issuer.ts';
import { fleetStarter, triggerByHand, type Fleet } from '../testing/fleet.ts';

const fleetWith = fleetStarter();

async function messages(fleet: Fleet, name: string): Promise<Record<string, string>> {
  const { status } = await fleet.getCertificate(name);
  return Object.fromEntries(
    status?.conditions?.map(({ type, reason, message }) => [type, `${reason}: ${message}`]) ?? [],
  );
}
const statusWrites = (fleet: Fleet): number =>
  fleet.client.writes.filter(({ kind, subresource }) => kind === 'Certificate' && subresource === 'status')
    .length;

test('a missing issuer is named in Ready and Issuing', async () => {
  const fleet = await fleetWith({ issuerGraceMs: 3000 });
  await fleet.certificate('web', { issuerRef: { name: 'nobody', kind: 'ClusterIssuer' } });
  await fleet.settle();
  await fleet.clock.advance(10_000);
  const told = await messages(fleet, 'web');
  for (const type of ['Ready', 'Issuing']) {
    assert.match(
      told[type] ?? '',
      /^DoesNotExist: Secret "\S+" does not exist: .*\. Waiting: CertificateRequest "web-1" is not ready: Referenced ClusterIssuer "nobody" not found/,
    );
  }
  const before = statusWrites(fleet);
  await fleet.clock.advance(3_600_000);
  assert.equal(statusWrites(fleet), before, 'nothing new, nothing written');
  await fleet.selfSigned('nobody');
  await fleet.clock.advance(10_000);
  assert.deepEqual(await messages(fleet, 'web'), {
    Ready: 'Ready: Certificate is up to date and has not expired',
  });
});

test('an external issuer has half a minute before a write is spent on its silence', async () => {
  const fleet = await fleetWith();
  await fleet.certificate('slow', { issuerRef: externalRef });
  await fleet.settle();
  await fleet.clock.advance(20_000);
  assert.doesNotMatch((await messages(fleet, 'slow'))['Ready'] ?? '', /Waiting/);
  await fleet.clock.advance(20_000);
  const silent = await messages(fleet, 'slow');
  assert.match(
    silent['Issuing'] ?? '',
    /\. Waiting: .*nobody has answered yet; see whether SlowIssuer "slow"/,
  );
  await answer(fleet, 'slow-1', [
    { type: 'Ready', status: 'False', reason: 'Pending', message: 'at the CA' },
  ]);
  const { Ready: ready = '', Issuing: issuing = '' } = await messages(fleet, 'slow');
  assert.match(ready, /\. Waiting: CertificateRequest "slow-1" is not ready: at the CA$/);
  assert.equal(issuing.split('Waiting: ').length, 2, 'the new cause takes the place of the old');
});

test('while there is a valid certificate Ready stays as it is', async () => {
  const fleet = await fleetWith();
  await fleet.certificate('slow', { issuerRef: externalRef });
  await fleet.settle();
  await sign(fleet, 'slow-1');
  await fleet.clock.advance(60_000);
  fleet.client.events.length = 0;
  await triggerByHand(fleet, 'slow');
  await fleet.settle();
  await fleet.clock.advance(60_000);
  const told = await messages(fleet, 'slow');
  assert.equal(told['Ready'], 'Ready: Certificate is up to date and has not expired');
  assert.match(told['Issuing'] ?? '', /^ManuallyTriggered: .*manually triggered\. Waiting: /);
});

for (const [how, spec] of [
  ['at once', {}],
  ['by an external issuer', { issuerRef: externalRef }],
] satisfies [string, Partial<Certificate['spec']>][]) {
  test(`a renewal asked for by hand, done ${how}, says so in one event`, async () => {
    const fleet = await fleetWith();
    await fleet.selfSigned();
    await fleet.certificate('web', spec);
    await fleet.settle();
    if ('issuerRef' in spec) await sign(fleet, 'web-1');
    fleet.client.events.length = 0;
    await triggerByHand(fleet, 'web');
    await fleet.settle();
    if ('issuerRef' in spec) await sign(fleet, 'web-2');
    assert.equal((await fleet.getCertificate('web')).status?.revision, 2);
    const told = fleet.client.events.filter(({ kind }) => kind === 'Certificate');
    const begin = told.filter(({ message }) => message.startsWith('Renewal asked for: '));
    assert.deepEqual(
      begin.map(({ type, reason, message }) => `${type} ${reason} ${message}`),
      ['Normal Issuing Renewal asked for: Certificate re-issuance manually triggered'],
    );
    assert.ok(told.length <= 4, `${told.length} events`);
  });
}
