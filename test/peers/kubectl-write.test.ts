/** kubectl's writing verbs: apply both ways, create, edit, patch, replace, label, annotate, delete in every propagation. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, widgetYaml, type KubectlCluster } from './kubectl-cluster.ts';

describe('kubectl writes', () => {
  let cluster: KubectlCluster;
  const ok = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await cluster.kubectl(args);
    assert.equal(code, 0, `${args.join(' ')}: ${err}`);
    return out;
  };
  const color = (name: string): Promise<string> => ok('get', 'widget', name, '-o', 'jsonpath={.spec.color}');
  before(async () => {
    cluster = await startCluster();
  });
  after(() => cluster.close());

  test('apply: created, unchanged, configured', async () => {
    const file = cluster.file('a.yaml', widgetYaml('a', 'red'));
    assert.match(await ok('apply', '-f', file), /widget\.example\.com\/a created/);
    assert.match(await ok('apply', '-f', file), /unchanged/);
    assert.match(await ok('apply', '-f', cluster.file('a.yaml', widgetYaml('a', 'blue'))), /configured/);
    assert.equal(await color('a'), 'blue');
  });

  test('apply refuses unknown fields', async () => {
    const { code, err } = await cluster.kubectl([
      'apply',
      '-f',
      cluster.file('bad.yaml', `${widgetYaml('bad', 'red')}  shade: dark\n`),
    ]);
    assert.equal(code, 1);
    assert.match(err, /strict decoding error: unknown field "spec\.shade"/);
  });

  test('apply says which kinds nobody serves', async () => {
    const gadget = cluster.file('g.yaml', widgetYaml('g', 'red').replace('Widget', 'Gadget'));
    const deployment = cluster.file(
      'd.yaml',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: d }\n',
    );
    for (const [file, kind] of [
      [gadget, 'Gadget'],
      [deployment, 'Deployment'],
    ] as const) {
      for (const way of [[], ['--server-side'], ['--validate=false']]) {
        const { code, err } = await cluster.kubectl(['apply', ...way, '-f', file]);
        assert.equal(code, 1);
        assert.match(err, new RegExp(`no matches for kind "${kind}" in version`));
        assert.match(err, /ensure CRDs are installed first/);
        assert.doesNotMatch(err, /proto|validating data/);
      }
    }
  });

  test('apply --server-side: ownership, conflict, force', async () => {
    const file = cluster.file('s.yaml', widgetYaml('s', 'red'));
    assert.match(await ok('apply', '--server-side', '-f', file), /serverside-applied/);
    const other = cluster.file('s2.yaml', widgetYaml('s', 'blue'));
    const { code, err } = await cluster.kubectl([
      'apply',
      '--server-side',
      '--field-manager=other',
      '-f',
      other,
    ]);
    assert.equal(code, 1);
    assert.match(err, /Apply failed with 1 conflict: conflict with "kubectl"[^:]*: \.spec\.color/);
    await ok('apply', '--server-side', '--field-manager=other', '--force-conflicts', '-f', other);
    assert.equal(await color('s'), 'blue');
    const managers = await ok(
      'get',
      'widget',
      's',
      '--show-managed-fields',
      '-o',
      'jsonpath={.metadata.managedFields[*].manager}',
    );
    assert.deepEqual(managers.split(' ').sort(), ['kubectl', 'other']);
  });

  test('create: objects and the kinds that kubectl sends as protobuf', async () => {
    assert.match(await ok('create', '-f', cluster.file('c.yaml', widgetYaml('c', 'red'))), /created/);
    await ok('create', 'secret', 'generic', 'sec', '--from-literal=k=v');
    assert.equal(await ok('get', 'secret', 'sec', '-o', 'jsonpath={.data.k}'), 'dg==');
    await ok('create', 'cm', 'map', '--from-literal=k=v');
    await ok('create', 'sa', 'robot');
    await ok('create', 'ns', 'space');
    assert.match((await cluster.kubectl(['create', 'ns', 'space'])).err, /namespaces "space" already exists/);
    assert.match(await ok('get', 'ns', 'space'), /space\s+Active/);
  });

  test('edit', async () => {
    await ok('create', '-f', cluster.file('e.yaml', widgetYaml('e', 'red')));
    const { code, err } = await cluster.kubectl(['edit', 'widget', 'e'], {
      env: { KUBE_EDITOR: "sed -i 's/color: red/color: pink/'" },
    });
    assert.equal(code, 0, err);
    assert.equal(await color('e'), 'pink');
  });

  test('patch: merge, json, strategic', async () => {
    await ok('create', '-f', cluster.file('p.yaml', widgetYaml('p', 'red')));
    await ok('patch', 'widget', 'p', '--type=merge', '-p', '{"spec":{"color":"one"}}');
    await ok(
      'patch',
      'widget',
      'p',
      '--type=json',
      '-p',
      '[{"op":"replace","path":"/spec/color","value":"two"}]',
    );
    assert.equal(await color('p'), 'two');
    await ok('create', 'cm', 'p', '--from-literal=a=1');
    await ok('patch', 'cm', 'p', '-p', '{"data":{"b":"2"}}');
    assert.equal(await ok('get', 'cm', 'p', '-o', 'jsonpath={.data}'), '{"a":"1","b":"2"}');
  });

  test('replace, label, annotate', async () => {
    await ok('create', '-f', cluster.file('r.yaml', widgetYaml('r', 'red')));
    assert.match(await ok('replace', '-f', cluster.file('r.yaml', widgetYaml('r', 'gold'))), /replaced/);
    assert.equal(await color('r'), 'gold');
    await ok('label', 'widget', 'r', 'a=b');
    await ok('annotate', 'widget', 'r', 'c=d');
    assert.equal(
      await ok('get', 'widget', 'r', '-o', 'jsonpath={.metadata.labels.a}{.metadata.annotations.c}'),
      'bd',
    );
    await ok('label', 'widget', 'r', 'a-');
    assert.equal(await ok('get', 'widget', 'r', '-o', 'jsonpath={.metadata.labels.a}'), '');
  });

  for (const [cascade, left] of [
    ['background', ''],
    ['foreground', ''],
    ['orphan', 'configmap/kid-orphan\n'],
  ] as const) {
    test(`delete --cascade=${cascade}`, async () => {
      const name = `boss-${cascade}`;
      await ok('create', '-f', cluster.file('b.yaml', widgetYaml(name, 'red')));
      const uid = await ok('get', 'widget', name, '-o', 'jsonpath={.metadata.uid}');
      const kid = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: `kid-${cascade}`,
          ownerReferences: [
            { apiVersion: 'example.com/v1', kind: 'Widget', name, uid, blockOwnerDeletion: true },
          ],
        },
      };
      await ok('create', '-f', cluster.file('k.json', JSON.stringify(kid)));
      assert.match(await ok('delete', 'widget', name, `--cascade=${cascade}`, '--timeout=10s'), /deleted/);
      await cluster.server.settled();
      assert.equal(await ok('get', 'cm', `kid-${cascade}`, '--ignore-not-found', '-o', 'name'), left);
    });
  }

  test('delete waits for finalizers; delete of a namespace empties it', async () => {
    await ok(
      'create',
      '-f',
      cluster.file(
        'f.yaml',
        widgetYaml('f', 'red').replace('  name: f\n', '  name: f\n  finalizers: [example.com/hold]\n'),
      ),
    );
    const { code } = await cluster.kubectl(['delete', 'widget', 'f', '--timeout=1s']);
    assert.equal(code, 1);
    await ok('patch', 'widget', 'f', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    assert.equal(await ok('get', 'widget', 'f', '--ignore-not-found'), '');
    await ok('create', 'ns', 'going');
    await ok('create', 'cm', 'x', '-n', 'going');
    assert.match(await ok('delete', 'ns', 'going', '--timeout=10s'), /deleted/);
    assert.match((await cluster.kubectl(['get', 'ns', 'going'])).err, /namespaces "going" not found/);
  });

  test('delete --all and delete -l', async () => {
    await ok('create', 'cm', 'one', '-n', 'kube-public');
    await ok('create', 'cm', 'two', '-n', 'kube-public');
    await ok('label', 'cm', 'one', 'x=y', '-n', 'kube-public');
    await ok('delete', 'cm', '-l', 'x=y', '-n', 'kube-public');
    assert.equal(await ok('get', 'cm', '-n', 'kube-public', '-o', 'name'), 'configmap/two\n');
    await ok('delete', 'cm', '--all', '-n', 'kube-public');
    assert.equal(await ok('get', 'cm', '-n', 'kube-public', '-o', 'name'), '');
  });
});
