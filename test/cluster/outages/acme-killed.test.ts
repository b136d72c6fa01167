/**
 * kill -9 of `certwright controller` after each kind of write of an ACME order that the API server has carried out and of
 * which the controller has not heard: the next life goes on, and nothing is made twice, ordered twice or left behind.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Certificate } from '../../../src/api/certificate.ts';
import type { Secret } from '../../../src/api/core.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { ingresses } from '../../../src/api/networking.ts';
import {
  certificateRequests,
  certificates,
  challenges,
  issuers,
  orders,
  secrets,
  type ResourceType,
} from '../../../src/api/resources.ts';
import { pods, services } from '../../../src/api/workloads.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { startPebble } from '../../../tools/peers/acme/pebble.ts';
import { startBind } from '../../../tools/peers/bind/bind.ts';
import { startController, type ControllerProcess } from './controller-process.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { clusterWithDefinitions, createServiceAccount, kubeconfigWithTokenFile } from './own-cluster.ts';
import { connectTo } from './storm.ts';

const namespace = 'shop';
const byTest = { fieldManager: 'test' };
const key = { name: 'certwright', algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 7).toString('base64') };

test('killed after each kind of write: one order, one certificate, nothing left', async (t) => {
  const cluster = await clusterWithDefinitions(t);
  const bind = await startBind({
    keys: [key],
    zones: [{ name: '.' }, { name: 'example.test', allowUpdate: [key.name] }],
  });
  t.after(() => bind.stop());
  // Nobody runs Pods or Ingresses here: the CA believes; our own check of DNS looks.
  const retryAfter = { authz: 1, order: 1 };
  const pebble = await startPebble({ alwaysValid: true, nonceReject: 0, retryAfter });
  t.after(() => pebble.stop());

  const connection = await connectTo(cluster.kubeconfig);
  t.after(() => connection.close());
  const client = createKubeClient({ ...connection, component: 'test' });
  assert.equal(
    (await cluster.ask('POST', '/api/v1/namespaces', { metadata: { name: namespace } })).status,
    201,
  );
  await createServiceAccount(cluster, namespace);
  const proxy = await startFaultProxy(cluster);
  t.after(() => proxy.close());
  const tokenFile = join(cluster.folder, 'token');
  await writeFile(tokenFile, await cluster.tokenFor(namespace, 'certwright'));
  const kubeconfig = await kubeconfigWithTokenFile(cluster, 'killed', { server: proxy.url, tokenFile });

  let life: ControllerProcess | undefined;
  const killedAt: string[] = [];
  proxy.fault = ({ method, path }) => {
    if (method === 'GET' || !path.includes(`/namespaces/${namespace}/`) || /\/events(?:\?|$)/u.test(path))
      return 'none';
    const step = `${method} ${path.replace(/\?.*$/u, '')}`;
    if (life === undefined || killedAt.includes(step)) return 'none';
    killedAt.push(step);
    life.kill();
    life = undefined;
    return 'cut';
  };
  await createAll(client, pebble, bind.server);
  const isReady = async (): Promise<boolean> => {
    const { status } = await client.get<Certificate>(certificates, { namespace, name: 'web' });
    return status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
  };
  const list = async (type: ResourceType): Promise<KubeObject[]> =>
    (await client.list<KubeObject>(type, { namespace })).items;
  const left = async (): Promise<string[]> =>
    (await Promise.all([challenges, pods, services, ingresses].map(list)))
      .flat()
      .map(({ kind, metadata }) => `${kind} ${metadata?.name}`);

  const flags = ['--namespace', namespace, '--acme-http01-solver-image', 'example.test/none'];
  flags.push('--dns01-recursive-nameservers', bind.server, '--dns01-recursive-nameservers-only');
  flags.push('--dns01-check-retry-period', '1s');
  let lives = 0;
  for (let done = false; !done; lives++) {
    assert.ok(lives < 60, `it gets nowhere: ${killedAt.join('\n')}`);
    const controller = startController(t, kubeconfig, ...flags);
    life = controller;
    const end = { seen: false };
    void controller.gone.then(() => (end.seen = true));
    while (!end.seen && !done) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      done = (await isReady()) && (await left()).length === 0;
    }
    if (done && life !== undefined) {
      life = undefined;
      assert.equal(await controller.end(), 0);
    }
    assert.ok(done || life === undefined, `ended by itself:\n${controller.log()}`);
  }
  t.diagnostic(`${lives} lives; killed after ${killedAt.join(', ')}`);
  const kinds = ['orders', 'challenges', 'pods', 'services', 'ingresses', 'certificaterequests', 'secrets'];
  for (const kind of kinds)
    assert.ok(
      killedAt.some((step) => step.includes(`/${kind}`)),
      `killed at ${kind}`,
    );

  const logged = (pattern: RegExp): number => pebble.log().match(pattern)?.length ?? 0;
  assert.equal(logged(/Added order /gu), 1, 'one order');
  assert.equal(logged(/Issued certificate serial /gu), 1, 'one certificate');
  assert.equal((await list(orders)).length, 1);
  assert.equal((await list(certificateRequests)).length, 1);
  const kept = (await list(secrets)).map(({ metadata }) => metadata?.name ?? '');
  assert.deepEqual(kept.toSorted(), ['account', 'tsig', 'web']);
  assert.deepEqual(await bind.dig('_acme-challenge.example.test', 'TXT'), []);
});

async function createAll(
  client: ReturnType<typeof createKubeClient>,
  { directoryUrl, caBundle }: { directoryUrl: string; caBundle: string },
  nameserver: string,
): Promise<void> {
  const tsigSecretSecretRef = { name: 'tsig', key: 'secret' };
  const metadata = (name: string): object => ({ namespace, name });
  await client.create<Secret>(
    secrets,
    { apiVersion: 'v1', kind: 'Secret', metadata: metadata('tsig'), stringData: { secret: key.secret } },
    byTest,
  );
  const solvers = [
    {
      waitInsteadOfSelfCheck: '0s',
      selector: { dnsNames: ['example.test'] },
      http01: { ingress: { ingressClassName: 'none' } },
    },
    {
      dns01: {
        rfc2136: { nameserver, tsigKeyName: key.name, tsigAlgorithm: 'HMACSHA256', tsigSecretSecretRef },
      },
    },
  ];
  const acme = {
    server: directoryUrl,
    caBundle: Buffer.from(caBundle).toString('base64'),
    privateKeySecretRef: { name: 'account' },
    solvers,
  };
  const group = { apiVersion: 'cert-manager.io/v1' };
  const issuer = { ...group, kind: 'Issuer', metadata: metadata('acme'), spec: { acme } };
  await client.create(issuers, issuer, byTest);
  const spec = {
    secretName: 'web',
    dnsNames: ['example.test', '*.example.test'],
    privateKey: { algorithm: 'ECDSA', size: 256 },
    issuerRef: { name: 'acme' },
  };
  await client.create(
    certificates,
    { ...group, kind: 'Certificate', metadata: metadata('web'), spec },
    byTest,
  );
}
