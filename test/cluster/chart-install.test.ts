/** Helm installs, upgrades and uninstalls the chart on the real API server, and takes over what a cert-manager release left. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { chart } from '../../tools/chart/helm.ts';
import { staticFile } from '../../tools/chart/static.ts';
import { until } from './until.ts';
import { chartWorld, install, type ChartWorld, type Failure } from './chart/world.ts';

const issuer = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'Issuer',
  metadata: { name: 'selfsigned', namespace: 'default' },
  spec: { selfSigned: {} },
};

async function definitions(world: ChartWorld): Promise<string[]> {
  const found = await world.list('crd');
  return found.map(({ metadata }) => metadata.name).filter((name) => name.endsWith('cert-manager.io'));
}

async function ours(world: ChartWorld, ...resources: string[]): Promise<string[]> {
  const found = await world.list(resources.join(','), '-A', '-l', 'app.kubernetes.io/instance=certwright');
  return found.map(({ metadata }) => metadata.name);
}

const leftovers = [
  'deployments',
  'serviceaccounts',
  'clusterroles',
  'clusterrolebindings',
  'roles',
  'rolebindings',
  'services',
  'validatingadmissionpolicies',
  'mutatingadmissionpolicies',
  'validatingwebhookconfigurations',
];

test('install, upgrade, uninstall, install again', async (t) => {
  const world = await chartWorld(t);

  const notes = await install(world);
  assert.match(notes, /Admission +policies: the API server itself validates and approves/u);
  assert.match(notes, /Definitions installed; they stay when this release goes/u);
  assert.match(notes, /kubectl -n cert-manager rollout status deployment\/certwright/u);
  assert.equal((await definitions(world)).length, 6);
  assert.deepEqual(await ours(world, 'deployments'), ['certwright']);
  await world.kubectl('wait', '--for=condition=Established', '--timeout=180s', 'crd/issuers.cert-manager.io');
  await world.apply(JSON.stringify(issuer));

  const bad = { ...issuer, metadata: { ...issuer.metadata, name: 'bad' }, spec: { ca: { secretName: '' } } };
  // The API server takes up a policy a moment after it was created.
  let refusal = '';
  await until('the invalid Issuer is not refused', async () => {
    refusal = await world.apply(JSON.stringify(bad), '--dry-run=server').then(
      () => '',
      (error: Failure) => error.stderr,
    );
    return refusal !== '';
  });
  assert.match(refusal, /spec\.ca\.secretName/u);

  const upgraded = await world.helm(
    'upgrade',
    'certwright',
    chart,
    '--namespace=cert-manager',
    '--reset-then-reuse-values',
    '--set=split=true,replicaCount=2,admission.mode=webhook,crds.keep=true',
  );
  assert.match(upgraded, /Admission +webhook/u);
  assert.deepEqual(await ours(world, 'deployments'), [
    'certwright',
    'certwright-cainjector',
    'certwright-webhook',
  ]);
  assert.deepEqual(await ours(world, 'validatingadmissionpolicies'), []);
  assert.deepEqual(await ours(world, 'validatingwebhookconfigurations'), ['certwright-webhook']);
  await world.helm('rollback', 'certwright', '1', '--namespace=cert-manager');
  assert.deepEqual(await ours(world, 'deployments'), ['certwright']);

  await world.helm('uninstall', 'certwright', '--namespace=cert-manager');
  assert.equal((await definitions(world)).length, 6);
  assert.deepEqual(await ours(world, ...leftovers), []);
  assert.match(
    await world.kubectl('get', 'issuer', 'selfsigned', '-n', 'default', '-o', 'name'),
    /selfsigned/u,
  );

  await install(world);
  assert.deepEqual(await ours(world, 'deployments'), ['certwright']);
});

test('moving over: the definitions of a cert-manager release are taken over', async (t) => {
  const world = await chartWorld(t);
  // As `helm uninstall cert-manager` leaves them.
  await world.kubectl('apply', '--server-side', '-f', join(chart, '../../deploy/crds'));
  const files = await definitions(world);
  for (const name of files) {
    await world.kubectl('label', 'crd', name, 'app.kubernetes.io/managed-by=Helm');
    await world.kubectl(
      'annotate',
      'crd',
      name,
      'meta.helm.sh/release-name=cert-manager',
      'meta.helm.sh/release-namespace=cert-manager',
    );
  }
  await world.kubectl('wait', '--for=condition=Established', '--timeout=180s', 'crd/issuers.cert-manager.io');
  await world.apply(JSON.stringify(issuer));
  await assert.rejects(install(world), (error: Failure) => {
    assert.match(error.stderr, /cannot be imported into the current release|invalid ownership metadata/u);
    return true;
  });
  await install(world, '--take-ownership');
  assert.match(
    await world.kubectl('get', 'issuer', 'selfsigned', '-n', 'default', '-o', 'name'),
    /selfsigned/u,
  );
});

test('the static manifests in one command, twice', async (t) => {
  const world = await chartWorld(t);
  const apply = (): Promise<string> =>
    world.kubectl('apply', '--server-side', '--validate=strict', '-f', staticFile);
  await apply();
  assert.match(
    await world.kubectl('get', 'deployment', 'certwright', '-n', 'cert-manager', '-o', 'name'),
    /certwright/u,
  );
  assert.doesNotMatch(await apply(), /conflict|warning/iu);
});

test('somebody with rights in one namespace installs it there', async (t) => {
  const world = await chartWorld(t, { controllerManager: true });
  await world.kubectl('apply', '--server-side', '-f', join(chart, '../../deploy/crds'));
  await world.kubectl('create', 'namespace', 'shop');
  await world.kubectl('create', 'rolebinding', 'owner', '-n', 'shop', '--clusterrole=admin', '--user=alice');
  // Nobody may hand out rights that he does not have; what `admin` lacks of ours an administrator adds.
  const rules = [
    { apiGroups: ['cert-manager.io', 'acme.cert-manager.io'], resources: ['*'], verbs: ['*'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['*'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['*'] },
    { apiGroups: ['networking.k8s.io'], resources: ['ingresses/finalizers'], verbs: ['update'] },
  ];
  await world.apply(
    JSON.stringify({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'pki', namespace: 'shop' },
      rules,
    }),
  );
  await world.kubectl('create', 'rolebinding', 'pki', '-n', 'shop', '--role=pki', '--user=alice');
  // The role `admin` is put together by a controller.
  await until(
    'alice is no administrator of shop',
    async () =>
      (
        await world
          .kubectl('auth', 'can-i', 'get', 'serviceaccounts', '-n', 'shop', '--as=alice')
          .catch(() => 'no')
      ).trim() === 'yes',
  );
  const file = join(world.cluster.folder, 'values.json');
  await writeFile(file, JSON.stringify({ watchNamespace: 'shop' }));
  const notes = await world.helm(
    'install',
    'certwright',
    chart,
    '--namespace=shop',
    '-f',
    file,
    `--kubeconfig=${await world.cluster.kubeconfigFor('alice')}`,
  );
  assert.match(notes, /Serves +shop only, with no rights anywhere else/u);
  assert.deepEqual(await ours(world, 'clusterroles', 'clusterrolebindings'), []);
  assert.deepEqual(await ours(world, 'deployments'), ['certwright']);
});
