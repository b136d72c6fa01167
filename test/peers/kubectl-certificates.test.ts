/** kubectl with the six kinds: explain, tables, describe, validation, and the renewal by a status patch. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, type KubectlCluster } from './kubectl-cluster.ts';

const CERTIFICATE = `apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: web
spec:
  secretName: web-tls
  dnsNames: [web.example.com]
  issuerRef:
    name: ca
    kind: ClusterIssuer
`;

describe('kubectl and certificates', () => {
  let cluster: KubectlCluster;
  const ok = (...args: string[]): Promise<string> => cluster.ok(...args);
  before(async () => {
    cluster = await startCluster();
    await ok('apply', '-f', cluster.file('web.yaml', CERTIFICATE));
  });
  after(() => cluster.close());

  for (const [kind, field] of [
    ['certificate', 'privateKey'],
    ['certificaterequest', 'request'],
    ['issuer', 'selfSigned'],
    ['clusterissuer', 'acme'],
    ['order', 'dnsNames'],
    ['challenge', 'solver'],
  ] as const) {
    test(`explain ${kind}, also --recursive`, async () => {
      const out = await ok('explain', kind);
      assert.match(out, /^GROUP: +(acme\.)?cert-manager\.io\nKIND: +\w+\nVERSION: +v1\n\nDESCRIPTION:\n +\S/);
      assert.match(await ok('explain', kind, '--recursive'), new RegExp(`^ {4,}${field}\\t<`, 'm'));
      assert.match(await ok('explain', `${kind}.spec.${field}`), /DESCRIPTION:\n +\S/);
    });
  }

  test('get by short name, by category and wide', async () => {
    assert.match(await ok('get', 'cert'), /^NAME\s+READY\s+SECRET\s+AGE\nweb\s+web-tls\s+\d+s\n$/);
    assert.match(await ok('get', 'cert', '-o', 'wide'), /^NAME\s+READY\s+SECRET\s+ISSUER\s+STATUS\s+AGE/);
    assert.match(await ok('get', 'cert-manager'), /certificate\.cert-manager\.io\/web|^web\s/m);
    assert.match(await ok('api-resources', '--api-group=cert-manager.io', '-o', 'name'), /^issuers\./m);
  });

  test('a wrong value is refused with its field and the reason', async () => {
    const bad = CERTIFICATE.replace('dnsNames: [web.example.com]', 'duration: 1m\n  dnsNames: [5]');
    const { code, err } = await cluster.kubectl(['apply', '-f', cluster.file('bad.yaml', bad)]);
    assert.equal(code, 1);
    assert.match(err, /The Certificate "web" is invalid:[^]*spec\.dnsNames\[0\]: Invalid value/);
    const short = CERTIFICATE.replace('dnsNames', 'duration: 1m\n  dnsNames');
    const refused = await cluster.kubectl(['apply', '-f', cluster.file('short.yaml', short)]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /spec\.duration/);
  });

  test('manual renewal: a patch of the status subresource sets Issuing', async () => {
    const condition = {
      type: 'Issuing',
      status: 'True',
      reason: 'ManuallyTriggered',
      message: 'renew it',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const generation = await ok('get', 'cert', 'web', '-o', 'jsonpath={.metadata.generation}');
    const patch = JSON.stringify({ status: { conditions: [condition] } });
    await ok('patch', 'cert', 'web', '--subresource=status', '--type=merge', '-p', patch);
    await ok('wait', '--for=condition=Issuing', 'cert/web', '--timeout=5s');
    assert.equal(
      await ok('get', 'cert', 'web', '-o', 'jsonpath={.status.conditions[0].reason}/{.metadata.generation}'),
      `ManuallyTriggered/${generation}`,
    );
    assert.match(await ok('get', 'cert', 'web', '--subresource=status'), /^web\s/m);
    assert.match(await ok('describe', 'cert', 'web'), /Reason:\s+ManuallyTriggered/);
  });

  test('server-side apply by two: each owns its fields, and --show-managed-fields says so', async () => {
    const label = `apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: web
  labels: {team: a}
`;
    await ok('apply', '--server-side', '--force-conflicts', '-f', cluster.file('web.yaml', CERTIFICATE));
    const partial = await cluster.kubectl([
      'apply',
      '--server-side',
      '--field-manager=labeller',
      '-f',
      cluster.file('label.yaml', label),
    ]);
    assert.equal(partial.code, 0, partial.err);
    const json = await ok('get', 'cert', 'web', '-o', 'json', '--show-managed-fields');
    const { metadata } = JSON.parse(json) as {
      metadata: { managedFields: { manager: string; fieldsV1: object }[] };
    };
    const labeller = metadata.managedFields.find(({ manager }) => manager === 'labeller');
    assert.deepEqual(labeller?.fieldsV1, { 'f:metadata': { 'f:labels': { 'f:team': {} } } });
    assert.doesNotMatch(await ok('get', 'cert', 'web', '-o', 'json'), /managedFields/);
  });
});
