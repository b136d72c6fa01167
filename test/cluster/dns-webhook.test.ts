/** A DNS-01 webhook solver behind the real aggregation layer: APIService, rights, and both actions (acme.md §12). */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { TxtRecord } from '../../src/dns/provider.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { connect } from '../../src/kube/connect.ts';
import { createTransport } from '../../src/kube/transport.ts';
import { createAuthority, issueLeaf } from '../../src/serving/authority.ts';
import { SolverError } from '../../src/solvers/errors.ts';
import { startExtensionServer } from '../../src/solvers/dns01/testing/extension-server.ts';
import { webhookProvider } from '../../src/solvers/dns01/webhook.ts';
import { ownCluster } from './lane.ts';

const group = 'acme.example.com';
const solver = 'my-solver';
const record: TxtRecord = {
  fqdn: '_acme-challenge.example.com.',
  zone: 'example.com.',
  value: 'digest',
  domain: 'example.com',
};

test('a solver that is registered by an APIService is called through the API server, with the rights that its chart grants', async (t) => {
  const authority = await createAuthority('webhook', Date.now());
  // What the API server verifies is the name of the Service.
  const leaf = await issueLeaf(authority, {
    dnsNames: ['my-webhook.webhooks.svc'],
    duration: 3_600_000,
    now: Date.now(),
  });
  await using server = await startExtensionServer({ group, solver, certificate: leaf.cert, key: leaf.key });
  const cluster = await ownCluster(t, { audit: false });
  const create = async (path: string, body: object): Promise<void> => {
    const { status, body: text } = await cluster.ask('POST', path, body);
    assert.equal(status, 201, text);
  };
  await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'webhooks' } });
  // There is no network of Pods here: the Service leads to this machine.
  await create('/api/v1/namespaces/webhooks/services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'my-webhook' },
    spec: { type: 'ExternalName', externalName: 'localhost' },
  });
  await create('/apis/apiregistration.k8s.io/v1/apiservices', {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `v1alpha1.${group}` },
    spec: {
      group,
      version: 'v1alpha1',
      groupPriorityMinimum: 1000,
      versionPriority: 15,
      caBundle: Buffer.from(authority.cert).toString('base64'),
      service: { namespace: 'webhooks', name: 'my-webhook', port: server.port },
    },
  });
  await untilAvailable();

  const { url, ca } = cluster;
  const user = JSON.parse(await readFile(await cluster.kubeconfigFor('certwright'), 'utf8')) as {
    users: { user: Record<string, string> }[];
  };
  const pem = (name: string): string => Buffer.from(user.users[0]?.user[name] ?? '', 'base64').toString();
  const tls = { ca, cert: pem('client-certificate-data'), key: pem('client-key-data') };
  const connection = await connect(
    { server: url, tls: () => Promise.resolve(tls) },
    { clock: systemClock, random: Math.random },
  );
  t.after(() => connection.close());
  const provider = webhookProvider(
    createTransport(connection, 'cert-manager-challenges'),
    { groupName: group, solverName: solver, config: { zone: 'Z1' } },
    { resourceNamespace: 'webhooks', ambient: false },
  );

  await assert.rejects(provider.present(record), (error) => {
    assert.ok(error instanceof SolverError);
    assert.match(error.message, /needs the verb create on that resource in group acme\.example\.com/u);
    return true;
  });
  assert.equal(server.seen.filter(({ method }) => method === 'POST').length, 0);

  // As the charts of webhooks have it.
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'my-webhook:domain-solver' },
  };
  await create('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    ...role,
    rules: [{ apiGroups: [group], resources: ['*'], verbs: ['create'] }],
  });
  await create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    ...role,
    kind: 'ClusterRoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role.metadata.name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'certwright' }],
  });
  await until('the right to call it', () =>
    provider.present(record).then(
      () => true,
      () => false,
    ),
  );
  assert.deepEqual([...server.records], ['_acme-challenge.example.com. digest']);
  await provider.cleanUp(record);
  assert.deepEqual([...server.records], []);

  server.options.fails = () => 'no such zone';
  await assert.rejects(
    provider.present(record),
    /my-solver in group acme\.example\.com has failed: no such zone$/u,
  );

  async function untilAvailable(): Promise<void> {
    await until('the APIService', async () => {
      const { body } = await cluster.ask(
        'GET',
        `/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.${group}`,
      );
      const { status } = JSON.parse(body) as { status?: { conditions?: { type: string; status: string }[] } };
      return status?.conditions?.some((one) => one.type === 'Available' && one.status === 'True') === true;
    });
  }
});

async function until(what: string, ready: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await ready())) {
    assert.ok(performance.now() < deadline, `${what} did not come within a minute`);
    await wait(100);
  }
}
