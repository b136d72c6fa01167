/** Rights follow features: none without its reason, and nothing beyond one namespace where one is served. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, constantFrom, property, subarray } from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { exitCodes } from '../errors.ts';
import { runProgram, type Surroundings } from '../program.ts';
import {
  clusterScopedFeatures,
  featuresByDefault,
  rbacFeatures,
  type RbacFeature,
  type RbacSettings,
} from './rbac-features.ts';
import type { RbacObject } from './rbac-objects.ts';
import { rbacObjects } from './rbac-objects.ts';
import { rulesFor } from './rules-for.ts';

const everything = Object.keys(rbacFeatures) as RbacFeature[];

function settings(change: Partial<RbacSettings> = {}): RbacSettings {
  return {
    features: new Set(featuresByDefault(change.watchNamespace)),
    fullname: 'certwright',
    namespace: 'cert-manager',
    leaderElectionNamespace: 'kube-system',
    metricsCaSecret: { namespace: 'cert-manager', name: 'certwright-metrics-ca' },
    approveSignerNames: ['issuers.cert-manager.io/*'],
    acmeWebhookGroups: ['acme.example.com'],
    serviceAccounts: { controller: 'certwright', cainjector: 'certwright', webhook: 'certwright' },
    ...change,
  };
}

/** `scope group/resource verb` of every right. */
function rights(of: RbacSettings): Set<string> {
  return new Set(
    rulesFor(of).flatMap(({ namespace, rules }) =>
      rules.flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) =>
            verbs.map((verb) => `${namespace ?? '*'} ${group}/${resource} ${verb}`),
          ),
        ),
      ),
    ),
  );
}

test('one more feature only ever adds rights, and its own are gone without it', () => {
  check(
    property(subarray(everything), constantFrom(...everything), (features, more) => {
      const without = rights(settings({ features: new Set(features.filter((name) => name !== more)) }));
      const added = rights(settings({ features: new Set([...features, more]) }));
      for (const right of without) assert.ok(added.has(right), right);
    }),
  );
});

test('where one namespace is served, whatever is asked for, nothing but approving is cluster-wide', () => {
  const asked = settings({
    features: new Set(everything),
    watchNamespace: 'shop',
    namespace: 'shop',
    leaderElectionNamespace: 'shop',
  });
  const wide = [...rights(asked)].filter((right) => right.startsWith('* '));
  assert.deepEqual(wide, ['* cert-manager.io/signers approve']);
});

test('no rule names everything, and no role is empty', () => {
  for (const { name, rules } of rulesFor(settings({ features: new Set(everything) }))) {
    assert.notEqual(rules.length, 0, name);
    for (const rule of rules) {
      assert.notEqual(rule.verbs.length, 0, name);
      // A webhook solver's resource is its name, which only its own server knows.
      const resources = name.endsWith('-acme-dns01-webhooks') ? [] : rule.resources;
      assert.ok(![...rule.apiGroups, ...resources, ...rule.verbs].includes('*'), name);
    }
  }
});

test('every feature changes what is granted', () => {
  const all = JSON.stringify(rbacObjects(settings({ features: new Set(everything) })));
  for (const feature of everything) {
    const rest = new Set(everything.filter((name) => name !== feature));
    assert.notEqual(JSON.stringify(rbacObjects(settings({ features: rest }))), all, feature);
  }
});

test('one namespace: no ClusterRole, no cluster-scoped feature, and Secrets there only', () => {
  const objects = rbacObjects(
    settings({ watchNamespace: 'shop', namespace: 'shop', leaderElectionNamespace: 'shop' }),
  );
  assert.deepEqual(
    new Set(objects.map(({ kind }) => kind)),
    new Set(['ServiceAccount', 'Role', 'RoleBinding']),
  );
  for (const { metadata } of objects) assert.equal(metadata.namespace, 'shop', metadata.name);
  assert.ok(!JSON.stringify(objects).includes('clusterissuers"'));
});

test('each binding names a role and a ServiceAccount that are there', () => {
  const split = { controller: 'a', cainjector: 'b', webhook: 'c' };
  const objects = rbacObjects(settings({ features: new Set(everything), serviceAccounts: split }));
  const has = (kind: RbacObject['kind'], name: string): boolean =>
    objects.some((object) => object.kind === kind && object.metadata.name === name);
  for (const object of objects) {
    if (object.kind !== 'ClusterRoleBinding' && object.kind !== 'RoleBinding') continue;
    assert.ok(has(object.roleRef.kind, object.roleRef.name), object.metadata.name);
    for (const subject of object.subjects) assert.ok(has('ServiceAccount', subject.name), subject.name);
  }
  const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
  assert.equal(new Set(names).size, names.length);
});

test('the roles of people give no way to another one’s credentials', () => {
  const edit = rbacObjects(settings()).find(({ metadata }) => metadata.name === 'certwright-edit');
  assert.ok(edit?.kind === 'ClusterRole');
  const verbs = (resource: string): string[] =>
    edit.rules.filter(({ resources }) => resources.includes(resource)).flatMap((rule) => rule.verbs);
  assert.ok(!verbs('challenges').includes('create'));
  for (const verb of ['create', 'patch', 'update']) assert.ok(!verbs('orders').includes(verb), verb);
  assert.deepEqual(verbs('clusterissuers'), []);
});

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const result = { code: -1, out: '', err: '' };
  const surroundings: Surroundings = {
    env: {},
    out: (text) => void (result.out += text),
    err: (text) => void (result.err += text),
    color: false,
    pid: 1,
    signal: new AbortController().signal,
  };
  const never = (): Promise<number> => Promise.reject(new Error('not asked for'));
  // Only `rbac` is run here; what other commands there are is no matter of this test.
  const commands = new Proxy({}, { get: () => never }) as Parameters<typeof runProgram>[1];
  result.code = await runProgram(['rbac', ...args], commands, surroundings);
  return result;
}

test('the command prints what the model says, in both formats', async () => {
  const expected: unknown = JSON.parse(
    JSON.stringify(
      rbacObjects(
        settings({ approveSignerNames: ['issuers.cert-manager.io/*', 'clusterissuers.cert-manager.io/*'] }),
      ),
    ),
  );
  const yaml = await run();
  assert.equal(yaml.code, exitCodes.ok, yaml.err);
  assert.deepEqual(
    parseAllDocuments(yaml.out).map((document): unknown => document.toJS()),
    expected,
  );
  const json = await run('-o', 'json');
  assert.deepEqual((JSON.parse(json.out) as { items: unknown }).items, expected);
});

test('features are added and removed by name', async () => {
  const kinds = async (...args: string[]): Promise<string> => (await run(...args)).out;
  assert.match(await kinds('--features', '*,gateway-shim'), /certwright-controller-gateway-shim/);
  assert.doesNotMatch(await kinds('--features', '-cainjector'), /cainjector/);
  assert.doesNotMatch(await kinds('--features', 'approver'), /clusterissuers\n/);
  assert.match(
    await kinds('--watch-namespace', 'a', '--features', '*,approver'),
    /certwright-controller-approve/,
  );
  assert.match(await kinds('--split'), /name: certwright-cainjector\n/);
});

const refused: [args: string[], message: RegExp][] = [
  [['--features', 'everything'], /there is no feature "everything"; there are owner-references, /],
  [['--features', 'a,,b'], /single commas/],
  [
    ['--watch-namespace', 'a', '--features', 'cainjector'],
    /leave out cainjector: it needs cluster-wide rights/,
  ],
  [['--namespace', 'A'], /--namespace "A": a namespace is/],
  [['--name', ''], /--name "": write lower-case/],
  [['--metrics-ca-secret', 'x/y'], /--metrics-ca-secret "x\/y"/],
  [['-o', 'table'], /choose one of yaml, json/],
];
for (const [args, message] of refused) {
  test(`refused: rbac ${args.join(' ')}`, async () => {
    const { code, err, out } = await run(...args);
    assert.equal(code, exitCodes.usage);
    assert.match(err, message);
    assert.equal(out, '');
  });
}

test('what needs cluster-wide rights is a feature that exists', () => {
  for (const feature of clusterScopedFeatures) assert.ok(everything.includes(feature), feature);
});

test('rights on webhook solvers are for the groups that are named, and for none of Kubernetes', async () => {
  const { out } = await run('--acme-webhook-groups', 'acme.example.com,dns.example.org', '-o', 'json');
  const { items } = JSON.parse(out) as { items: RbacObject[] };
  const role = items.find(
    ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name.endsWith('-acme-dns01-webhooks'),
  );
  assert.ok(role?.kind === 'ClusterRole');
  assert.deepEqual(role.rules, [
    { apiGroups: ['acme.example.com', 'dns.example.org'], resources: ['*'], verbs: ['create'] },
  ]);
  for (const group of ['*', 'apps', 'rbac.authorization.k8s.io']) {
    const refused = await run('--acme-webhook-groups', group);
    assert.equal(refused.code, exitCodes.usage, group);
    assert.match(refused.err, /groupName of a webhook solver/u);
  }
  assert.equal((await run('--features', '*,acme-dns01-webhooks')).code, exitCodes.usage);
});

test('what could not be cleaned up is kept where the Secrets of ClusterIssuers are, or in the one namespace', () => {
  const where = (change: Partial<RbacSettings>): (string | undefined)[] =>
    rulesFor(settings(change))
      .filter(({ name }) => name.endsWith('-acme-memory'))
      .map(({ namespace }) => namespace);
  assert.deepEqual(where({}), ['cert-manager']);
  assert.deepEqual(where({ clusterResourceNamespace: 'platform' }), ['platform']);
  assert.deepEqual(where({ watchNamespace: 'shop', clusterResourceNamespace: 'platform' }), ['shop']);
});
