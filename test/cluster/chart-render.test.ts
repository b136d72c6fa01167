/** What the chart renders to is accepted by the real API server, field by field, meets the standard "restricted", and grants what the RBAC model says. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { rbacObjects, type RbacObject } from '../../src/cli/rbac/rbac-objects.ts';
import { chart, helm, helmTemplate } from '../../tools/chart/helm.ts';
import { renderStatic, staticFile } from '../../tools/chart/static.ts';
import { chartWorld, installMonitoring, type Failure } from './chart/world.ts';
import { combinations, type Combination } from './chart/combinations.ts';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  rules?: unknown;
  roleRef?: unknown;
  subjects?: unknown;
}

function objectsOf(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);
}

const beforeMutatingPolicies = ['--kube-version=1.33.0', '--api-versions=v1'];

test('the chart as people get it', async (t) => {
  const world = await chartWorld(t);
  const rendered = new Map<Combination, string>();

  await t.test('Helm finds nothing to complain about', async () => {
    assert.match(await helm(['lint', '--strict', chart]), /1 chart\(s\) linted, 0 chart\(s\) failed/);
  });

  for (const combination of combinations) {
    await t.test(`rights: ${combination.title}`, async () => {
      const file = join(world.cluster.folder, 'values.yaml');
      await writeFile(file, JSON.stringify(combination.values));
      const server = combination.old === true ? beforeMutatingPolicies : undefined;
      const text = await helmTemplate(['-f', file], server);
      rendered.set(combination, text);
      const wanted = rbacObjects(combination.rbac).filter(({ kind }) => kind !== 'ServiceAccount');
      assert.deepEqual(rightsOf(objectsOf(text)), rightsOf(wanted));
    });
  }

  await installMonitoring(world);
  await world.apply(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: 'cert-manager',
        labels: { 'pod-security.kubernetes.io/warn': 'restricted' },
      },
    }),
  );
  for (const combination of combinations) {
    await t.test(`accepted: ${combination.title}`, async () => {
      const text = rendered.get(combination) ?? '';
      const printed = await world.apply(text, '--dry-run=server');
      assert.doesNotMatch(printed, /warning/iu);
      assert.equal(printed.trim().split('\n').length, objectsOf(text).length, printed);
    });
  }

  await t.test('the server would have warned of a pod that is not restricted', async () => {
    const text = await helmTemplate(['--set=containerSecurityContext.allowPrivilegeEscalation=true']);
    assert.match(
      await world.apply(text, '--dry-run=server'),
      /Warning: would violate PodSecurity "restricted/u,
    );
  });

  await t.test('nothing cluster-scoped where one namespace is served', () => {
    const combination = combinations.find(({ title }) => title === 'one namespace');
    assert.ok(combination);
    for (const { kind, metadata } of objectsOf(rendered.get(combination) ?? ''))
      assert.equal(metadata.namespace, 'cert-manager', `${kind} ${metadata.name}`);
  });

  await t.test('common labels are on every object', () => {
    const [, , , , everything] = combinations;
    assert.ok(everything);
    for (const { kind, metadata } of objectsOf(rendered.get(everything) ?? ''))
      assert.equal(metadata.labels?.['team'], 'pki', `${kind} ${metadata.name}`);
  });

  await t.test('deploy/certwright.yaml is the chart, and is accepted', async () => {
    const stored = await readFile(staticFile, 'utf8');
    assert.ok(stored === (await renderStatic()), 'run `node tools/chart/static.ts`');
    assert.doesNotMatch(stored, /helm\.sh\/chart|managed-by: Helm/u);
    const printed = await world.apply(stored, '--dry-run=server');
    assert.equal(printed.trim().split('\n').length, objectsOf(stored).length, printed);
  });
});

/** Rules and bindings alone, in an order of their own. */
function rightsOf(objects: readonly (Manifest | RbacObject)[]): unknown[] {
  return objects
    .map((object): Manifest => JSON.parse(JSON.stringify(object)) as Manifest)
    .filter(({ apiVersion }) => apiVersion.startsWith('rbac.'))
    .map(({ kind, metadata, rules, roleRef, subjects }) => ({
      kind,
      name: metadata.name,
      namespace: metadata.namespace,
      aggregate: Object.keys(metadata.labels ?? {})
        .filter((label) => label.includes('aggregate-to-'))
        .toSorted(),
      rules,
      roleRef,
      subjects,
    }))
    .toSorted((a, b) => (`${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1));
}

const refusals: [title: string, values: object, message: RegExp][] = [
  ['a key that is nowhere', { replicas: 2 }, /additional propert.*replicas|Additional property replicas/su],
  ['a wrong type', { replicaCount: 'two' }, /replicaCount.*(?:integer|type)/su],
  ['a mode that is none', { admission: { mode: 'maybe' } }, /admission.*mode/su],
  [
    'an image per component',
    { cainjector: { image: { tag: 'v1' } } },
    /cainjector\.image\.tag: there is one image/u,
  ],
  [
    "cert-manager's image out of an old values file",
    { image: { repository: 'mirror.example.com/jetstack/cert-manager-controller' } },
    /image: it names an image of cert-manager/u,
  ],
  [
    'an image of its own for solver Pods',
    { acmesolver: { image: { repository: 'registry.example/solver' } } },
    /acmesolver\.image: solver Pods run the one image/u,
  ],
  ['a responder that there is not', { acme: { http01: { responder: 'lambda' } } }, /responder/u],
  [
    'the check job',
    { startupapicheck: { timeout: '2m' } },
    /startupapicheck\.timeout: there is no check job/u,
  ],
  [
    'a deployment that is not',
    { cainjector: { replicaCount: 2 } },
    /set split: true to run it apart, or set replicaCount/u,
  ],
  [
    'two monitors',
    { prometheus: { servicemonitor: { enabled: true }, podmonitor: { enabled: true } } },
    /scrape the same metrics twice/u,
  ],
  [
    'a webhook that nobody trusts',
    { admission: { mode: 'webhook' }, cainjector: { enabled: false } },
    /trusted only once cainjector/u,
  ],
  [
    'cluster-wide admission in one namespace',
    { admission: { mode: 'policies' }, watchNamespace: 'a' },
    /admission is cluster-wide/u,
  ],
  [
    'two words on definitions',
    { installCRDs: true, crds: { keep: false } },
    /installCRDs: it cannot be combined/u,
  ],
];
for (const [title, values, message] of refusals) {
  test(`refused with a reason: ${title}`, async () => {
    await assert.rejects(helmTemplate(['--set-json', ...pairs(values)]), (error: Failure) => {
      assert.match(error.stderr, message);
      return true;
    });
  });
}

function pairs(values: object): string[] {
  return [
    Object.entries(values)
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join(','),
  ];
}

test("cert-manager's own defaults pass, where they ask for nothing", async () => {
  const values = {
    maxConcurrentChallenges: 60,
    startupapicheck: { enabled: true, timeout: '1m', backoffLimit: 4, extraArgs: ['-v'] },
    acmesolver: { image: { name: 'cert-manager-acmesolver', pullPolicy: 'IfNotPresent' } },
    webhook: { image: { name: 'cert-manager-webhook', pullPolicy: 'IfNotPresent' }, replicaCount: 1 },
    cainjector: { enabled: true, replicaCount: 1, image: { name: 'cert-manager-cainjector' } },
    global: { podSecurityPolicy: { enabled: false, useAppArmor: true }, logLevel: 2 },
    installCRDs: false,
  };
  assert.match(await helmTemplate(['--set-json', ...pairs(values)]), /kind: Deployment/);
});
