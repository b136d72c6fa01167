/** What `up` says of certificates that work and could not be renewed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from '../../api/certificate.ts';
import { certificates } from '../../api/resources.ts';
import { acmeFleetStarter } from '../../controllers/testing/acme-fleet.ts';
import type { Fleet } from '../../controllers/testing/fleet.ts';
import type { Cache } from '../../kube/cache.ts';
import { failedRenewals } from './failed-renewals.ts';
import type { Problem } from './problem.ts';
import { report } from './report.ts';

const hour = 3_600_000;
const day = 24 * hour;
const start = acmeFleetStarter();
const explain = () =>
  Promise.resolve({ message: 'the next attempt begins after its pause', action: { kind: 'none' } });

async function reported(fleet: Fleet, format: 'table' | 'json' = 'table'): Promise<string> {
  const { items } = await fleet.client.list<Certificate>(certificates, { namespace: 'shop' });
  return report({
    client: fleet.client,
    certificates: { values: () => items } as unknown as Cache<Certificate>,
    explain,
    exports: undefined,
    approve: true,
    format,
    now: fleet.clock.now(),
    outcome: { ready: true, interrupted: false, problems: [] },
    goesOn: false,
  });
}

async function dueForRenewal(outcome: 'failed' | 'pending') {
  const { fleet, world } = await start();
  const ca = await world.issuer(fleet, 'le');
  await fleet.certificate('web', { issuerRef: { name: 'le', kind: 'ClusterIssuer' } });
  await fleet.settle();
  assert.doesNotMatch(await reported(fleet), /Problems/u);
  ca.outcome = outcome;
  const { status } = await fleet.getCertificate('web');
  await fleet.clock.advanceTo(Date.parse(status?.renewalTime ?? '') + 1000);
  return { fleet, ca };
}

test('a renewal that failed is a problem with cause, next step and remedy, and leaves the rest as it is', async () => {
  const { fleet, ca } = await dueForRenewal('failed');
  const text = await reported(fleet);
  assert.match(text, /^shop\/web +True /mu);
  assert.match(
    text,
    /Problems:\n {2}Certificate shop\/web is valid for 1\dd.* more, but its renewal failed at 20.*the order failed.*; the next attempt begins after its pause; .*certwright acme renew web --namespace shop\n/u,
  );
  const json = JSON.parse(await reported(fleet, 'json')) as { ready: boolean; problems: Problem[] };
  assert.equal(json.ready, true);
  assert.deepEqual(
    json.problems.map(({ object }) => object),
    ['Certificate shop/web'],
  );
  await fleet.clock.advance(12 * hour);
  assert.match(await reported(fleet), /its renewal failed \d times, last at/u);
  ca.outcome = 'issued';
  await fleet.clock.advance(day);
  assert.doesNotMatch(await reported(fleet), /Problems/u);
});

test('a renewal that is an hour late is one, too; one that is under way is not', async () => {
  const { fleet } = await dueForRenewal('pending');
  assert.doesNotMatch(await reported(fleet), /Problems/u);
  await fleet.clock.advance(2 * hour);
  assert.match(
    await reported(fleet),
    /Certificate shop\/web is valid for .*, but its renewal of 20.* is not done: /u,
  );
});

test('what is not Ready has a row that says why, and is told of once', async () => {
  const { fleet } = await dueForRenewal('failed');
  const { status, ...one } = await fleet.getCertificate('web');
  const conditions = (status?.conditions ?? []).map((each) =>
    each.type === 'Ready' ? { ...each, status: 'False' as const } : each,
  );
  const broken = { ...one, status: { ...status, conditions } };
  assert.deepEqual(await failedRenewals(fleet.client, [broken], explain, fleet.clock.now()), []);
});

test('those that end first are named, the rest counted', async () => {
  const { fleet } = await dueForRenewal('failed');
  const one = await fleet.getCertificate('web');
  const many = Array.from({ length: 30 }, (_, index) => ({
    ...one,
    status: { ...one.status, notAfter: new Date(fleet.clock.now() + (30 - index) * day).toISOString() },
  }));
  const problems = await failedRenewals(fleet.client, many, explain, fleet.clock.now());
  assert.equal(problems.length, 21);
  assert.match(problems[0]?.message ?? '', /valid for 1d more/u);
  assert.match(problems.at(-1)?.message ?? '', /^10 more Certificates/u);
});
