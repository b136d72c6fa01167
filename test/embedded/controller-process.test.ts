/** `certwright controller` as a process of its own, over HTTPS to an API that nobody else works on. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { request } from 'node:https';
import { createServer as createSocketServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { crds } from '../../src/api/crds.ts';
import type { Secret } from '../../src/api/core.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import {
  certificates,
  certificateSigningRequests,
  events,
  issuers,
  leases,
  secrets,
  type ResourceType,
} from '../../src/api/resources.ts';
import type { KubeClient, WriteOptions } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { createServer } from '../../src/standalone/server.ts';
import { start, workspace } from './cli/run-cli.ts';

const write = { fieldManager: 'test' };
const approval = { ...write, subresource: 'approval' } as unknown as WriteOptions;

async function api(t: TestContext): Promise<{ client: KubeClient; kubeconfig: string }> {
  const server = await createServer({
    dataDir: join(workspace(t), 'data'),
    crds: [...crds],
    namespaces: ['shop', 'kube-system'],
  });
  t.after(() => server.close());
  const { kubeconfigPath } = await server.listen();
  const client = createKubeClient({
    baseUrl: 'http://embedded.invalid',
    dispatcher: server.dispatcher(),
    clock: systemClock,
    random: () => 0.5,
  });
  return { client, kubeconfig: kubeconfigPath ?? '' };
}

async function ask(client: KubeClient): Promise<void> {
  await client.create(
    issuers,
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      metadata: { name: 'self', namespace: 'shop' },
      spec: { selfSigned: {} },
      status: { conditions: [] },
    } as KubeObject,
    write,
  );
  await client.patch(
    issuers,
    { namespace: 'shop', name: 'self' },
    'merge',
    {
      status: {
        conditions: [
          { type: 'Ready', status: 'True', reason: 'IsReady', lastTransitionTime: '2026-01-01T00:00:00Z' },
        ],
      },
    },
    { ...write, subresource: 'status' },
  );
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const pem = encodePem('CERTIFICATE REQUEST', createCsr({ commonName: 'x', encodeUsages: false }, key));
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'key', namespace: 'shop' },
    data: {
      'tls.key': Buffer.from(key.export({ type: 'pkcs8', format: 'pem' }).toString()).toString('base64'),
    },
  };
  await client.create(secrets, secret, write);
  await client.create(
    certificateSigningRequests,
    {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: {
        name: 'asked',
        annotations: { 'experimental.cert-manager.io/private-key-secret-name': 'key' },
      },
      spec: {
        request: Buffer.from(pem).toString('base64'),
        signerName: 'issuers.cert-manager.io/shop.self',
        usages: ['digital signature', 'server auth'],
      },
    } as KubeObject,
    write,
  );
  const conditions = [{ type: 'Approved', status: 'True', reason: 'ByTest', message: 'looked at' }];
  await client.patch(
    certificateSigningRequests,
    { name: 'asked' },
    'merge',
    { status: { conditions } },
    approval,
  );
}

test('a dry run of the command asks who may do what, writes nothing, and ends', async (t) => {
  const { client, kubeconfig } = await api(t);
  await ask(client);
  const types: readonly ResourceType[] = [
    certificates,
    issuers,
    secrets,
    certificateSigningRequests,
    events,
    leases,
  ];
  const everything = async (): Promise<string[]> => {
    const lists = await Promise.all(types.map((type) => client.list<KubeObject>(type)));
    return lists.flatMap(({ items }) =>
      items.map(({ kind, metadata }) => `${kind} ${metadata?.name} ${metadata?.resourceVersion}`),
    );
  };
  const before = await everything();
  const { code, out, err } = await start(t, [
    'controller',
    '--kubeconfig',
    kubeconfig,
    '--dry-run',
    '--output=json',
    '--feature-gates=ExperimentalCertificateSigningRequestControllers=true',
  ]).ended;
  assert.equal(code, 0, err);
  assert.deepEqual(await everything(), before);
  const { actions } = JSON.parse(out) as { actions: { action: string; kind: string; name: string }[] };
  assert.deepEqual(
    actions.map(({ action, kind, name }) => [action, kind, name]),
    [
      ['sign', 'CertificateSigningRequest', 'asked'],
      ['update status', 'Issuer', 'self'],
    ],
    out,
  );
});

test('metrics by HTTPS, with a certificate whose CA is in a Secret', async (t) => {
  const { client, kubeconfig } = await api(t);
  const started = start(t, [
    'controller',
    '--kubeconfig',
    kubeconfig,
    '--log-level=debug',
    '--internal-healthz-listen-address=0',
    '--metrics-listen-address=127.0.0.1:0',
    '--metrics-dynamic-serving-ca-secret-namespace=shop',
    '--metrics-dynamic-serving-ca-secret-name=metrics-ca',
    '--metrics-dynamic-serving-dns-names=metrics.shop.svc',
    '--metrics-tls-min-version=VersionTLS13',
  ]);
  const told = /"url":"(https:\/\/127\.0\.0\.1:\d+\/metrics)"/.exec(
    await started.seen(/https:[^"]*\/metrics/),
  );
  await started.seen(/caches are synced/);
  const secret = await client.get<Secret>(secrets, { namespace: 'shop', name: 'metrics-ca' });
  const ca = Buffer.from(secret.data?.['tls.crt'] ?? '', 'base64').toString('utf8');
  const scrape = (options: object): Promise<string> =>
    new Promise((resolve, reject) => {
      request(told?.[1] ?? '', { agent: false, ...options }, (response) => {
        let text = `${response.statusCode}\n`;
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve(text));
      })
        .on('error', reject)
        .end();
    });
  assert.match(await scrape({ ca, servername: 'metrics.shop.svc' }), /^200\n[^]*^certwright_leader 1$/m);
  await assert.rejects(scrape({ ca, servername: 'other.shop.svc' }), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
  await assert.rejects(scrape({ servername: 'metrics.shop.svc' }), /certificate/);
  await assert.rejects(scrape({ ca, servername: 'metrics.shop.svc', maxVersion: 'TLSv1.2' }), /protocol/);
  started.child.kill('SIGTERM');
  assert.equal((await started.ended).code, 0);
});

test('a role that cannot begin ends the others with it, and the process with its reason', async (t) => {
  const { kubeconfig } = await api(t);
  const taken = createSocketServer();
  await new Promise<void>((resolve) => taken.listen(0, '::', resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const { code, err } = await start(t, [
    'controller',
    '--kubeconfig',
    kubeconfig,
    '--roles=controller,webhook',
    `--secure-port=${port}`,
    '--enable-apiservices-injectable=false',
  ]).ended;
  assert.equal(code, 3, err);
  assert.match(err, /^certwright: --secure-port .*: it is taken/m);
  assert.doesNotMatch(err, /the lease could not be taken/, 'being asked to stop is no failure of the lease');
  assert.match(err, /--enable-apiservices-injectable has no effect without cainjector in --roles/);
});
