import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../api/core.ts';
import { secrets } from '../../api/resources.ts';
import { Fleet } from '../testing/fleet.ts';

const vandal = [
  {
    manager: 'vandal',
    operation: 'Update' as const,
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1' as const,
    fieldsV1: { 'f:data': { 'f:tls.crt': {} } },
  },
];

async function vandalize(fleet: Fleet): Promise<void> {
  const secret = await fleet.getSecret('web');
  if (secret === undefined) return;
  const ours = secret.metadata?.managedFields?.filter(({ manager }) => manager !== 'vandal') ?? [];
  const data = { ...secret.data, 'tls.crt': Buffer.from('scribble').toString('base64') };
  await fleet.client.update<Secret>(
    secrets,
    { ...secret, data, metadata: { ...secret.metadata, managedFields: [...ours, ...vandal] } },
    { fieldManager: 'vandal' },
  );
}

test('a writer that keeps destroying tls.crt is named, re-issues are bounded, others are not slowed', async () => {
  const fleet = new Fleet();
  await fleet.selfSigned();
  await fleet.start();
  await fleet.certificate('web');
  await fleet.settle();
  for (let i = 0; i < 20; i++) {
    await vandalize(fleet);
    await fleet.clock.advance(100);
  }
  const hurt = await fleet.getCertificate('web');
  const ready = hurt.status?.conditions?.find(({ type }) => type === 'Ready');
  assert.equal(ready?.reason, 'InvalidCertificate');
  assert.match(
    ready?.message ?? '',
    /field manager "vandal" \(Update\) keeps changing Secret "web".*another spec\.secretName/s,
  );
  assert.ok((hurt.status?.revision ?? 0) <= 7, `issued ${hurt.status?.revision} times`);
  const writes = fleet.client.writes.length;
  await vandalize(fleet);
  await fleet.settle();
  assert.equal(fleet.client.writes.length, writes + 1, 'while tripped, nothing but the vandal writes');

  await fleet.certificate('bystander');
  await fleet.settle();
  assert.equal((await fleet.getCertificate('bystander')).status?.revision, 1);

  // The vandal has left: time heals.
  await fleet.clock.advance(11 * 60_000);
  const healed = await fleet.getCertificate('web');
  assert.equal(healed.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
  await fleet.stop();
});
