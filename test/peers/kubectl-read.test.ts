/** kubectl's reading verbs: get in every form, describe, explain, events, api-resources, auth whoami, diff, wait, -w. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, widgetYaml, type KubectlCluster } from './kubectl-cluster.ts';

describe('kubectl reads', () => {
  let cluster: KubectlCluster;
  const ok = (...args: string[]): Promise<string> => cluster.ok(...args);
  before(async () => {
    cluster = await startCluster();
    await ok('apply', '-f', cluster.file('w.yaml', widgetYaml('w', 'red')));
    await ok('label', 'widget', 'w', 'tier=one');
    const uid = await ok('get', 'widget', 'w', '-o', 'jsonpath={.metadata.uid}');
    await cluster.kubectl(['create', '-f', '-'], {
      input: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'w.1', namespace: 'default' },
        type: 'Normal',
        reason: 'Painted',
        message: 'it is red now',
        involvedObject: {
          apiVersion: 'example.com/v1',
          kind: 'Widget',
          name: 'w',
          namespace: 'default',
          uid,
        },
        source: { component: 'painter' },
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:00Z',
        count: 1,
      }),
    });
  });
  after(() => cluster.close());

  test('get: table, wide, all namespaces, selectors', async () => {
    assert.match(await ok('get', 'wd'), /^NAME\s+COLOR\s+READY\nw\s+red/);
    assert.match(
      await ok('get', 'widgets', '-A', '-o', 'wide'),
      /^NAMESPACE\s+NAME\s+COLOR\s+READY\ndefault\s+w\s+red/,
    );
    assert.match(await ok('get', 'widgets', '-l', 'tier=one', '-o', 'name'), /^widget\.example\.com\/w\n$/);
    assert.equal(await ok('get', 'widgets', '--field-selector', 'spec.color=blue', '-o', 'name'), '');
  });

  test('get: json, yaml, jsonpath', async () => {
    assert.equal(
      (JSON.parse(await ok('get', 'widget', 'w', '-o', 'json')) as { spec: { size: number } }).spec.size,
      3,
    );
    assert.match(await ok('get', 'widget', 'w', '-o', 'yaml'), /^ {2}color: red$/m);
    assert.equal(await ok('get', 'widget', 'w', '-o', 'jsonpath={.spec.parts[0].name}'), 'one');
  });

  test('get -w shows what happens, in a table', async () => {
    const output = await cluster.follow(
      ['get', 'widget', 'w', '-w'],
      (text) => text.includes('green'),
      () => ok('patch', 'widget', 'w', '--type=merge', '-p', '{"spec":{"color":"green"}}'),
    );
    assert.match(output, /^NAME\s+COLOR\s+READY\nw\s+red\s*\nw\s+green\s*$/m);
    await ok('patch', 'widget', 'w', '--type=merge', '-p', '{"spec":{"color":"red"}}');
  });

  test('describe shows events', async () => {
    const out = await ok('describe', 'widget', 'w');
    assert.match(out, /Color:\s+red/);
    assert.match(out, /Normal\s+Painted\s+\S+\s+painter\s+it is red now/);
  });

  test('events', async () => {
    assert.match(await ok('events', '--for', 'widget/w'), /Painted\s+Widget\/w\s+it is red now/);
    assert.match(await ok('get', 'events'), /Normal\s+Painted\s+widget\/w\s+it is red now/);
    assert.match(await ok('get', 'events.events.k8s.io'), /it is red now/);
  });

  test('explain', async () => {
    assert.match(await ok('explain', 'widget.spec.color'), /FIELD: color <string>[^]*How it looks/);
    assert.match(await ok('explain', 'secret.data'), /FIELD: data <map\[string\]string>/);
    assert.match(await ok('explain', 'widget', '--recursive'), /parts\s+<\[\]Object>/);
  });

  test('api-resources, api-versions, version', async () => {
    assert.match(await ok('api-resources'), /^widgets\s+wd\s+example\.com\/v1\s+true\s+Widget$/m);
    assert.match(await ok('api-versions'), /^example\.com\/v1beta1$/m);
    assert.match(await ok('version'), /Server Version: v1\./);
  });

  test('auth whoami and can-i', async () => {
    assert.match(await ok('auth', 'whoami'), /Username\s+certwright:admin/);
    assert.match(await ok('auth', 'can-i', 'get', 'secrets'), /^yes/);
  });

  test('what is not served is refused with its name, and what is told instead works', async () => {
    await ok('create', 'serviceaccount', 'robot');
    const token = await cluster.kubectl(['create', 'token', 'robot']);
    assert.equal(token.code, 1);
    assert.match(
      token.err,
      /failed to create token: no tokens are issued for service accounts here: use the kube/,
    );
    const info = await cluster.kubectl(['cluster-info']);
    assert.equal(info.code, 1);
    assert.match(info.err, /the server doesn't have a resource type "services"/);
    assert.equal(await ok('get', '--raw', '/readyz'), 'ok');
    assert.match(await ok('version'), /Server Version: v1\./);
  });

  test('diff says what would change', async () => {
    assert.equal(await ok('diff', '-f', cluster.file('same.yaml', widgetYaml('w', 'red'))), '');
    const { code, out } = await cluster.kubectl([
      'diff',
      '-f',
      cluster.file('other.yaml', widgetYaml('w', 'blue')),
    ]);
    assert.equal(code, 1);
    assert.match(out, /^-\s+color: red\n\+\s+color: blue$/m);
  });

  test('wait for a condition and for deletion', async () => {
    assert.match(
      await ok('wait', '--for=condition=Established', 'crd/widgets.example.com', '--timeout=5s'),
      /condition met/,
    );
    const timeout = await cluster.kubectl(['wait', '--for=condition=Ready', 'widget/w', '--timeout=1s']);
    assert.notEqual(timeout.code, 0);
    await ok(
      'patch',
      'widget',
      'w',
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}',
    );
    assert.match(await ok('wait', '--for=condition=Ready', 'widget/w', '--timeout=5s'), /condition met/);
    await ok('create', 'cm', 'going');
    const [waited] = await Promise.all([
      ok('wait', '--for=delete', 'cm/going', '--timeout=10s'),
      ok('delete', 'cm', 'going'),
    ]);
    assert.equal(waited === '' || waited.includes('condition met'), true);
  });
});
