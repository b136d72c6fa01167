/** What the linter says about an external issuer's answer reaches the user: once for each issuance, and nothing is refused for it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { externalRef, sign } from '../testing/external-issuer.ts';
import { Fleet } from '../testing/fleet.ts';

const running: Fleet[] = [];
after(async () => {
  for (const fleet of running) await fleet.stop();
});

test('warnings about an answer become one event of the Certificate for each issuance', async () => {
  const fleet = new Fleet();
  running.push(fleet);
  await fleet.start();
  // Asked to be public, but the issuer adds no certificate policy: worth a warning, not a refusal.
  const metadata = { annotations: { 'certwright.dev/lint': 'cabf' } };
  const spec = {
    issuerRef: externalRef,
    dnsNames: ['www.example.com'],
    commonName: undefined,
    usages: ['server auth'],
  };
  await fleet.certificate('warned', spec as never, metadata);
  await fleet.settle();
  await sign(fleet, 'warned-1');
  const { status } = await fleet.getCertificate('warned');
  assert.deepEqual(
    status?.conditions?.map(({ type, reason, message }) => [type, reason, message]),
    [['Ready', 'Ready', 'Certificate is up to date and has not expired']],
  );
  const told = fleet.client.events.filter(({ reason }) => reason === 'LintWarning');
  assert.deepEqual(
    told.map(({ kind, name, type }) => `${kind} ${name} ${type}`),
    ['Certificate warned Warning'],
  );
  await fleet.stop();
  await fleet.start();
  assert.equal(fleet.client.events.filter(({ reason }) => reason === 'LintWarning').length, 1);
});
