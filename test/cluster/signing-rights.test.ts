/** The signers of CertificateSigningRequests with exactly the rights that their README names, and requesters with and without theirs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { connect, endpointOf } from '../../src/kube/connect.ts';
import { nodeHost } from '../../src/kube/host.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { loadKubeContext } from '../../src/kube/kubeconfig.ts';
import { SigningWorld } from '../embedded/signing-world.ts';
import { sharedCluster } from './lane.ts';
import { untilAllowed } from './rights.ts';

const signer = 'certwright-signing-test';
const requester = 'certwright-requester-test';
const rbac = '/apis/rbac.authorization.k8s.io/v1';

const rule = (apiGroup: string, resources: string[], verbs: string[], resourceNames?: string[]): object => ({
  apiGroups: [apiGroup],
  resources,
  verbs,
  ...(resourceNames === undefined ? {} : { resourceNames }),
});
/** src/controllers/certificatesigningrequest/README.md, and what the caches and issuers of every process need beside it. */
const rights: object[] = [
  rule('certificates.k8s.io', ['certificatesigningrequests'], ['get', 'list', 'watch']),
  rule('certificates.k8s.io', ['certificatesigningrequests/status'], ['patch']),
  rule(
    'certificates.k8s.io',
    ['signers'],
    ['sign'],
    ['issuers.cert-manager.io/*', 'clusterissuers.cert-manager.io/*'],
  ),
  rule('authorization.k8s.io', ['subjectaccessreviews'], ['create']),
  rule(
    'cert-manager.io',
    ['issuers', 'clusterissuers', 'certificates', 'certificaterequests'],
    ['get', 'list', 'watch'],
  ),
  rule('cert-manager.io', ['issuers/status', 'clusterissuers/status'], ['patch']),
  rule('acme.cert-manager.io', ['orders', 'challenges'], ['get', 'list', 'watch']),
  rule('', ['secrets'], ['get', 'list', 'watch']),
  rule('', ['events'], ['create', 'patch']),
];

test('signing needs the rights of the README, and a requester the right to reference the Issuer', async (t) => {
  const cluster = await sharedCluster();
  const made: string[] = [];
  const put = async (path: string, object: { metadata: { name: string } }): Promise<void> => {
    const { status, body } = await cluster.ask('POST', path, object);
    assert.equal(status, 201, body);
    made.unshift(`${path}/${object.metadata.name}`);
  };
  t.after(async () => {
    for (const path of made) await cluster.ask('DELETE', path);
  });
  const grant = async (user: string, name: string, rules: object[], namespace?: string): Promise<void> => {
    const [role, root] =
      namespace === undefined ? ['ClusterRole', rbac] : ['Role', `${rbac}/namespaces/${namespace}`];
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    await put(`${root}/${role.toLowerCase()}s`, {
      apiVersion,
      kind: role,
      metadata: { name },
      rules,
    } as never);
    await put(`${root}/${role.toLowerCase()}bindings`, {
      apiVersion,
      kind: `${role}Binding`,
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: role, name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
    } as never);
  };
  const as = async (user: string): Promise<KubeClient> => {
    const host = nodeHost({}, '/');
    const file = await cluster.kubeconfigFor(user);
    const endpoint = endpointOf(await loadKubeContext(host, { file }), host, systemClock);
    const connection = await connect(endpoint, { clock: systemClock, random: () => 0.5 });
    t.after(() => connection.close());
    return createKubeClient(connection);
  };
  await grant(signer, signer, rights);
  await grant(requester, requester, [
    rule('certificates.k8s.io', ['certificatesigningrequests'], ['create']),
  ]);
  const group = 'certificates.k8s.io';
  await untilAllowed(cluster, signer, {
    group,
    resource: 'signers',
    verb: 'sign',
    name: 'issuers.cert-manager.io/*',
  });
  await untilAllowed(cluster, requester, {
    group,
    resource: 'certificatesigningrequests',
    verb: 'create',
  });
  const alice = await as(requester);
  const world = await SigningWorld.open(t, () => as(signer));
  await world.ca('shop');
  const spec = { signerName: 'issuers.cert-manager.io/shop.ca' };

  await world.ask('rights-denied', spec, {}, alice);
  assert.equal((await world.get('rights-denied')).spec.username, requester);
  await world.approve('rights-denied');
  assert.equal(await world.failure('rights-denied'), 'DeniedReference');

  await grant(requester, requester, [rule('cert-manager.io', ['signers'], ['reference'], ['ca'])], 'shop');
  await untilAllowed(cluster, requester, {
    group: 'cert-manager.io',
    resource: 'signers',
    verb: 'reference',
    name: 'ca',
    namespace: 'shop',
  });
  await world.ask('rights-allowed', spec, {}, alice);
  await world.approve('rights-allowed');
  assert.equal((await world.chain('rights-allowed')).length, 1);
  assert.deepEqual(world.problems, []);
});
