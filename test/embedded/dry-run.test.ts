/** `--dry-run` says what the controllers would do, object by object, and the API has not changed by a byte afterwards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../src/api/meta.ts';
import {
  certificateRequests,
  certificates,
  clusterIssuers,
  events,
  issuers,
  secrets,
} from '../../src/api/resources.ts';
import { defaultControllerOptions } from '../../src/controllers/context.ts';
import { dryRun } from '../../src/cli/dry-run/dry-run.ts';
import type { DryRunReport } from '../../src/cli/dry-run/plan.ts';
import { renderDryRun } from '../../src/cli/dry-run/render.ts';
import { createIssuerTypes } from '../../src/issuers/registry.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { epoch, hour, namespace, StandaloneWorld } from './standalone-world.ts';

const silent = (): void => undefined;

async function everything(world: StandaloneWorld): Promise<string[]> {
  const types = [certificates, certificateRequests, issuers, clusterIssuers, secrets, events];
  const lists = await Promise.all(types.map((type) => world.user.list<KubeObject>(type)));
  return lists.flatMap(({ items }) =>
    items.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name} ${metadata?.resourceVersion}`),
  );
}

function look(world: StandaloneWorld, now: number, problems: object[] = []): Promise<DryRunReport> {
  return dryRun({
    client: world.user,
    clock: { ...systemClock, now: () => now },
    random: () => 0.5,
    log: {
      debug: silent,
      info: silent,
      warn: (fields) => void problems.push(fields),
      error: (fields) => void problems.push(fields),
    },
    issuerTypes: createIssuerTypes(),
    options: defaultControllerOptions,
    signal: new AbortController().signal,
  });
}

test('what would be done is told for each object, and nothing is written', async (t) => {
  const world = await StandaloneWorld.start(t);
  await world.user.create(
    issuers,
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      metadata: { name: 'self', namespace },
      spec: { selfSigned: {} },
    } as KubeObject,
    { fieldManager: 'user' },
  );
  for (const name of ['kept', 'broken', 'edited'])
    await world.certificate(name, { issuerRef: { name: 'self' }, dnsNames: [`${name}.example`] });
  await world.settle();
  await world.controllers.stop();

  // Now somebody changes things while nobody is at work.
  await world.user.delete(secrets, { namespace, name: 'broken' });
  await world.user.patch(
    certificates,
    { namespace, name: 'edited' },
    'merge',
    { spec: { dnsNames: ['new.example'] } },
    { fieldManager: 'user' },
  );
  const { spec } = await world.get('kept');
  const fresh = { ...spec, secretName: 'fresh', dnsNames: ['fresh.example'] };
  await world.user.create(
    certificates,
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'fresh', namespace },
      spec: fresh,
    } as KubeObject,
    { fieldManager: 'user' },
  );
  await world.user.create(
    issuers,
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      metadata: { name: 'unchecked', namespace },
      spec: { selfSigned: {} },
    } as KubeObject,
    { fieldManager: 'user' },
  );

  const before = await everything(world);
  const problems: object[] = [];
  const report = await look(world, epoch + hour, problems);
  assert.deepEqual(await everything(world), before);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    report.actions.map(({ action, kind, name, reason }) => [action, kind, name, reason]),
    [
      ['re-issue', 'Certificate', 'broken', 'DoesNotExist'],
      ['re-issue', 'Certificate', 'edited', 'RequestChanged'],
      ['issue', 'Certificate', 'fresh', 'DoesNotExist'],
      ['update status', 'Issuer', 'unchecked', 'IsReady'],
    ],
  );
  assert.deepEqual(report.looked, { Certificate: 4, CertificateRequest: 3, Issuer: 2, ClusterIssuer: 0 });
  const table = renderDryRun(report, 'table');
  assert.match(table, /^WOULD +KIND +NAME +REASON +MESSAGE\n/);
  assert.match(table, /^re-issue +Certificate +shop\/broken +DoesNotExist +\S/m);
  assert.match(table, /Looked at 4 Certificates, 3 CertificateRequests, 2 Issuers; nothing was written\.\n$/);
  assert.deepEqual(JSON.parse(renderDryRun(report, 'json')), JSON.parse(JSON.stringify(report)));
  assert.match(renderDryRun(report, 'yaml'), /^actions:\n/);

  // Sixty-one days later all that is left alone today is due.
  const later = await look(world, epoch + 61 * 24 * hour);
  assert.deepEqual(
    later.actions.find(({ name }) => name === 'kept'),
    { ...later.actions.find(({ name }) => name === 'kept'), action: 'renew', reason: 'Renewing' },
  );
  assert.deepEqual(await everything(world), before);
});

test('nothing to do is said as such', async (t) => {
  const world = await StandaloneWorld.start(t);
  await world.controllers.stop();
  const report = await look(world, epoch);
  assert.equal(
    renderDryRun(report, 'table'),
    'Nothing would be done.\nLooked at nothing; nothing was written.\n',
  );
});
