/** Our CustomResourceDefinitions, as files, on the real API server: applied, Established, without complaint, explained. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { kubectl } from './kubectl.ts';

const folder = join(import.meta.dirname, '../../deploy/crds');

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
}

test('the definitions apply cleanly and are Established', async () => {
  const applied = await kubectl(
    'apply',
    '--server-side',
    '--force-conflicts',
    '--validate=strict',
    '-f',
    folder,
  );
  assert.equal(applied.trim().split('\n').length, 6);
  assert.doesNotMatch(applied, /warning/iu);
  await kubectl('wait', '--for=condition=Established', '--timeout=180s', '-f', folder);
  const read = JSON.parse(await kubectl('get', '-f', folder, '-o', 'json')) as {
    items: { metadata: { name: string }; status: { conditions: Condition[] } }[];
  };
  for (const { metadata, status } of read.items) {
    // A schema that is not structural or a rule that may cost too much shows here.
    const bad = status.conditions.filter(
      ({ type, status: is }) => is !== (type.startsWith('Non') ? 'False' : 'True'),
    );
    assert.deepEqual(bad, [], metadata.name);
  }
});

test('a second apply changes nothing', async () => {
  const applied = await kubectl('apply', '--server-side', '--force-conflicts', '-f', folder);
  const before = await kubectl('get', '-f', folder, '-o', 'jsonpath={.items[*].metadata.generation}');
  assert.equal(applied.split('\n').filter((line) => line.includes('serverside-applied')).length, 6);
  await kubectl('apply', '--server-side', '--force-conflicts', '-f', folder);
  assert.equal(await kubectl('get', '-f', folder, '-o', 'jsonpath={.items[*].metadata.generation}'), before);
});

test('kubectl explain knows the fields', async () => {
  await kubectl('wait', '--for=condition=Established', '--timeout=180s', '-f', folder);
  for (const [path, text] of [
    ['certificates.spec.privateKey.rotationPolicy', /FIELD: rotationPolicy <string>/u],
    ['certificaterequests.spec.request', /FIELD: request <string>/u],
    ['issuers.spec.ca.secretName', /FIELD: secretName <string>/u],
    ['clusterissuers.spec.selfSigned', /FIELD: selfSigned <Object>/u],
    ['orders.spec', /issuerRef/u],
    ['challenges.spec', /solver/u],
  ] as const)
    assert.match(await kubectl('explain', path), text, path);
});
