/** An issuer whose CRD nobody installed: the request cannot even be approved, and whoever waits for it has to see why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ForbiddenError } from '../../kube/errors.ts';
import { externalRef, requestNamed } from '../testing/external-issuer.ts';
import { fleetStarter } from '../testing/fleet.ts';

const fleetWith = fleetStarter();

test('a refused approval is told once on request and Certificate, with the remedy, and tried until it succeeds', async () => {
  const fleet = await fleetWith();
  let served = false;
  let tries = 0;
  fleet.client.intercept = ({ kind, verb, subresource }) => {
    if (kind !== 'CertificateRequest' || subresource !== 'status' || verb !== 'patch' || served) return;
    tries += 1;
    throw new ForbiddenError('referenced signer resource does not exist', { status: 403 });
  };
  await fleet.certificate('web', { issuerRef: externalRef });
  await fleet.settle();
  await fleet.clock.advance(600_000);
  assert.ok(tries > 3, `${tries} tries`);
  const told = fleet.client.events.filter(({ reason }) => reason === 'IssuerNotFound');
  assert.deepEqual(
    told.map(({ kind, name, type }) => `${kind} ${name} ${type}`),
    ['CertificateRequest web-1 Warning', 'Certificate web Warning'],
  );
  for (const part of [
    'install the CRD',
    'approveSignerNames',
    'spec.issuerRef',
    'SlowIssuer',
    'example.com',
    'signer resource',
  ])
    assert.ok(told[0]?.message.includes(part), `${part} in ${told[0]?.message}`);
  served = true;
  await fleet.clock.advance(600_000);
  const { status } = await requestNamed(fleet, 'web-1');
  assert.equal(status?.conditions?.find(({ type }) => type === 'Approved')?.status, 'True');
});
