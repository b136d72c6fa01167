/** kubectl's ways to ask and to wait that the other suites leave out. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startCluster, widgetYaml, type KubectlCluster } from './kubectl-cluster.ts';

describe('kubectl forms', () => {
  let cluster: KubectlCluster;
  const ok = (...args: string[]): Promise<string> => cluster.ok(...args);
  before(async () => {
    cluster = await startCluster();
    await ok('create', 'cm', 'early');
    for (const [name, color] of [
      ['b', 'amber'],
      ['a', 'blue'],
    ] as const) {
      await ok('apply', '-f', cluster.file(`${name}.yaml`, widgetYaml(name, color)));
    }
  });
  after(() => cluster.close());

  test('get: custom-columns, sort-by, go-template, no-headers, show-labels, several, from a file', async () => {
    assert.match(
      await ok('get', 'wd', '--sort-by=.spec.color', '-o', 'custom-columns=N:.metadata.name,C:.spec.color'),
      /^N\s+C\nb\s+amber\na\s+blue\n$/,
    );
    assert.equal(await ok('get', 'wd', '-o', 'go-template={{len .items}}'), '2');
    assert.match(await ok('get', 'wd', 'a', '--no-headers'), /^a\s+blue\s*\n$/);
    assert.match(await ok('get', 'wd', 'a', '--show-labels'), /<none>/);
    assert.match(await ok('get', 'wd,ns'), /widget\.example\.com\/a[^]*namespace\/default/);
    assert.match(await ok('get', '-f', cluster.file('a.yaml', widgetYaml('a', 'blue'))), /^a\s+blue/m);
    assert.match(await ok('get', 'wd', '--chunk-size=1', '-o', 'name'), /\/a\n[^]*\/b\n/);
  });

  test('get --watch-only shows only what happens after', async () => {
    const seen = { late: false };
    const following = cluster.follow(
      ['get', 'cm', '--watch-only'],
      (text) => (seen.late ||= text.includes('late-')),
      () => Promise.resolve(),
    );
    // Its watch is open at some time: then the next one is seen.
    for (let i = 0; i < 50 && !seen.late; i++) await ok('create', 'cm', `late-${i}`);
    const output = await following;
    assert.match(output, /late-/);
    assert.doesNotMatch(output, /early/);
  });

  test('get --raw, api-resources of no namespace', async () => {
    assert.equal(await ok('get', '--raw', '/readyz'), 'ok');
    assert.match(
      await ok('get', '--raw', '/apis/example.com/v1/namespaces/default/widgets/a'),
      /"color":"blue"/,
    );
    assert.match(await ok('api-resources', '--namespaced=false', '-o', 'name'), /^namespaces$/m);
  });

  test('wait for a JSON path, and for something to be created', async () => {
    await ok('wait', '--for=jsonpath={.spec.color}=blue', 'wd/a', '--timeout=5s');
    const [waited] = await Promise.all([
      cluster.kubectl(['wait', '--for=create', 'cm/soon', '--timeout=10s']),
      ok('create', 'cm', 'soon'),
    ]);
    assert.equal(waited.code, 0, waited.err);
  });

  test('dry runs at the server and at the client store nothing', async () => {
    assert.match(await ok('create', 'cm', 'dry', '--dry-run=server', '-o', 'name'), /configmap\/dry/);
    const yaml = await ok(
      'create',
      'secret',
      'generic',
      'dry',
      '--from-literal=a=b',
      '--dry-run=client',
      '-o',
      'yaml',
    );
    assert.match(yaml, /a: Yg==/);
    assert.equal(
      await ok('get', 'cm,secret', '-o', 'name', '--ignore-not-found', '--field-selector=metadata.name=dry'),
      '',
    );
  });

  test('create: TLS and typed secrets, lease, from standard input', async () => {
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: { holderIdentity: 'me' },
    };
    const { code, err } = await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(lease) });
    assert.equal(code, 0, err);
    assert.match(await ok('get', 'lease', 'l'), /^l\s+me/m);
    await ok(
      'create',
      'secret',
      'docker-registry',
      'reg',
      '--docker-server=r.example',
      '--docker-username=u',
      '--docker-password=p',
    );
    assert.match(await ok('get', 'secret', 'reg'), /kubernetes\.io\/dockerconfigjson\s+1/);
    assert.match(await ok('describe', 'secret', 'reg'), /Type:\s+kubernetes\.io\/dockerconfigjson/);
  });

  test('apply: last applied, pruned fields, view and set, diff --server-side', async () => {
    const file = cluster.file('l.yaml', widgetYaml('l', 'red'));
    await ok('apply', '-f', file);
    assert.match(await ok('apply', 'view-last-applied', 'wd/l'), /color: red/);
    await ok('apply', '-f', cluster.file('l2.yaml', widgetYaml('l', 'red').replace(/ {2}parts[^]*/, '')));
    assert.equal(await ok('get', 'wd', 'l', '-o', 'jsonpath={.spec.parts}'), '');
    const { code } = await cluster.kubectl([
      'diff',
      '--server-side',
      '--force-conflicts',
      '-f',
      cluster.file('l3.yaml', widgetYaml('l', 'grey')),
    ]);
    assert.equal(code, 1);
  });

  test('replace --force makes a new object; label --overwrite and annotate without it', async () => {
    const file = cluster.file('r.yaml', widgetYaml('r', 'red'));
    await ok('create', '-f', file);
    const uid = (): Promise<string> => ok('get', 'wd', 'r', '-o', 'jsonpath={.metadata.uid}');
    const before = await uid();
    await ok('replace', '--force', '-f', file);
    assert.notEqual(await uid(), before);
    await ok('label', 'wd', 'r', 'a=1');
    assert.equal((await cluster.kubectl(['label', 'wd', 'r', 'a=2'])).code, 1);
    await ok('label', 'wd', 'r', 'a=2', '--overwrite');
    await ok('annotate', 'wd', '--all', 'seen=yes');
    assert.equal(
      await ok('get', 'wd', '-o', 'jsonpath={.items[*].metadata.annotations.seen}'),
      'yes yes yes yes',
    );
  });

  test('a stale replace is a conflict that says what to do', async () => {
    const old = await ok('get', 'wd', 'a', '-o', 'json');
    await ok('label', 'wd', 'a', 'moved=on');
    const { code, err } = await cluster.kubectl(['replace', '-f', '-'], { input: old });
    assert.equal(code, 1);
    assert.match(err, /the object has been modified; please apply your changes to the latest version/);
  });

  test('edit of nothing, and an edit that is refused, change nothing', async () => {
    const unchanged = await cluster.kubectl(['edit', 'wd', 'a'], { env: { KUBE_EDITOR: 'true' } });
    assert.match(unchanged.out + unchanged.err, /no changes made|cancelled/);
    const script = cluster.file('e.sh', '#!/bin/sh\nsed -i \'s/size: 3$/size: 30/\' "$1"\n');
    const refused = await cluster.kubectl(['edit', 'wd', 'a'], {
      env: { KUBE_EDITOR: `sh ${script}`, TMPDIR: dirname(script) },
    });
    assert.match(refused.err, /widgets\.example\.com "a" is invalid[^]*no valid changes were saved/);
    assert.equal(await ok('get', 'wd', 'a', '-o', 'jsonpath={.spec.size}'), '3');
  });

  test('auth can-i answers for verbs and subresources', async () => {
    assert.match(await ok('auth', 'can-i', 'update', 'widgets/status'), /^yes/);
    assert.match(await ok('auth', 'can-i', '*', '*', '-A'), /^yes/);
  });

  test('what is not there is said as kubectl users know it', async () => {
    assert.match(
      (await cluster.kubectl(['get', 'wd', 'none'])).err,
      /\(NotFound\): widgets\.example\.com "none" not found/,
    );
    assert.match(
      (await cluster.kubectl(['get', 'nothings'])).err,
      /the server doesn't have a resource type "nothings"/,
    );
    assert.match(
      (await cluster.kubectl(['get', 'wd', '-n', 'nowhere'])).err,
      /No resources found in nowhere namespace/,
    );
    assert.match(
      (await cluster.kubectl(['create', 'cm', 'x', '-n', 'nowhere'])).err,
      /namespaces "nowhere" not found/,
    );
  });
});
