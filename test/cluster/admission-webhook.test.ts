/** The tables of admission on the real API server with `certwright webhook` behind it, as older servers have it. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { admittedByWebhook, namedOtherwise } from './admission-differences.ts';
import { playIdentity } from './admission-identity.ts';
import { AdmissionPlayer } from './admission-player.ts';
import { apply, makeNamespace } from './admission-setup.ts';
import { playTable } from './admission-table.ts';
import { startOwnCluster } from './lane.ts';
import type { Cluster } from '../../tools/apiserver/start.ts';
import { openTwoServers, type Side, type TwoServers } from './two-servers.ts';

const bundle = join(import.meta.dirname, '../../dist/certwright.js');
const api = 'admissionregistration.k8s.io/v1';
const secret = { namespace: 'webhook-tables', name: 'certwright-webhook-ca' };
const secretPath = `/api/v1/namespaces/${secret.namespace}/secrets/${secret.name}`;

describe('admission by webhook', () => {
  let cluster: Cluster;
  let servers: TwoServers;
  let player: AdmissionPlayer;
  let child: ChildProcess;
  let port = 0;

  before(async () => {
    cluster = await startOwnCluster();
    servers = await openTwoServers(cluster.kubeconfig);
    await makeNamespace(servers.real);
    await makeNamespace(servers.real, secret.namespace);
    ({ child, port } = await startWebhook(cluster.kubeconfig));
    await register(servers.real, port);
    player = new AdmissionPlayer(servers.real);
    await player.untilInForce();
  });
  after(async () => {
    await servers.close();
    await cluster.stop();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    assert.equal(child.exitCode, 0);
  });

  playIdentity(() => servers.real);
  playTable({
    player: () => player,
    admits: admittedByWebhook,
    names: {
      ...namedOtherwise,
      'certificate: renewal: unknown zone': /spec\.renewal\.windows\[1\]\.timezone/u,
    },
  });

  test('the CA is in the Secret as the cainjector looks for it', async () => {
    const { body } = await servers.real({ method: 'GET', path: secretPath });
    const { metadata, data, type } = body as {
      metadata: { annotations: Record<string, string>; labels: Record<string, string> };
      data: Record<string, string>;
      type: string;
    };
    assert.equal(type, 'Opaque');
    assert.equal(metadata.annotations['cert-manager.io/allow-direct-injection'], 'true');
    assert.equal(metadata.labels['app.kubernetes.io/managed-by'], 'cert-manager-webhook');
    assert.equal(data['ca.crt'], data['tls.crt']);
  });

  test('garbage, other paths and too long bodies are refused, and reviews go on', async () => {
    const json = { 'content-type': 'application/json' };
    assert.equal(await post(port, '/validate', json, '{"kind":"x"'), 400);
    assert.equal(await post(port, '/validate', { 'content-type': 'text/plain' }, '{}'), 415);
    assert.equal(await post(port, '/convert', json, '{}'), 404);
    assert.equal(await post(port, '/mutate', { ...json, 'content-length': '99999999' }, ''), 413);
    const row = { group: '', title: '', kind: 'Certificate', object: { spec: {} }, expected: [] };
    assert.equal((await player.play(row)).admitted, false);
  });
});

async function startWebhook(kubeconfig: string): Promise<{ child: ChildProcess; port: number }> {
  const dynamic = `--dynamic-serving-ca-secret-`;
  const args = [
    'webhook',
    `--kubeconfig=${kubeconfig}`,
    '--secure-port=0',
    '--healthz-port=0',
    '--metrics-listen-address=0',
    `${dynamic}namespace=${secret.namespace}`,
    `${dynamic}name=${secret.name}`,
    '--dynamic-serving-dns-names=localhost',
    '--log-format=json',
  ];
  const process_ = spawn(process.execPath, [bundle, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let [port, certificate] = [0, false];
  for await (const line of createInterface({ input: process_.stderr })) {
    const told = JSON.parse(line) as { msg: string; port?: number };
    if (told.msg === 'the webhook serves reviews') port = told.port ?? 0;
    if (told.msg === 'there is a serving certificate') certificate = true;
    if (port !== 0 && certificate) break;
  }
  process_.stderr.resume();
  assert.ok(port !== 0, 'the webhook did not start');
  return { child: process_, port };
}

async function register(server: Side, port: number): Promise<void> {
  const { body } = await server({ method: 'GET', path: secretPath });
  const caBundle = (body as { data: Record<string, string> }).data['ca.crt'];
  const hook = (path: string, operations: string[], resources: string[]) => ({
    name: 'webhook.cert-manager.io',
    admissionReviewVersions: ['v1'],
    clientConfig: { url: `https://localhost:${port}${path}`, caBundle },
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    sideEffects: 'None',
    timeoutSeconds: 10,
    rules: [
      { apiGroups: ['cert-manager.io', 'acme.cert-manager.io'], apiVersions: ['v1'], operations, resources },
    ],
  });
  const metadata = { name: 'certwright-test' };
  await apply(server, {
    apiVersion: api,
    kind: 'MutatingWebhookConfiguration',
    metadata,
    webhooks: [hook('/mutate', ['CREATE'], ['certificaterequests'])],
  });
  await apply(server, {
    apiVersion: api,
    kind: 'ValidatingWebhookConfiguration',
    metadata,
    webhooks: [hook('/validate', ['CREATE', 'UPDATE'], ['*/*'])],
  });
}

function post(port: number, path: string, headers: Record<string, string>, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      // Whose certificate it is has the API server checked; here it is about the body.
      { host: 'localhost', port, path, method: 'POST', headers, rejectUnauthorized: false, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    asked.once('error', reject);
    asked.end(body);
  });
}
