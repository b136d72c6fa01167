/**
 * A user's first hour: install, issue, an Ingress and a Gateway served with our certificates, renewal, upgrade, removal.
 * The tests are steps of one story and run in this order.
 */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';

import { certificates, isReady, stored, type Certificate } from './certificates.ts';
import { gatewayClass, webBackend } from './manifests.ts';
import { apply, eventually, get, inNode, kubectl } from './node.ts';
import { install, NAMESPACE, pods, RELEASE, restrictedNamespace, uninstall } from './release.ts';
import { visit } from './tls-client.ts';

const SHOP = 'shop';
let installed = false;
let failed: string | undefined;

before(() => restrictedNamespace());
after(async () => {
  if (installed) await uninstall();
  await kubectl('delete', 'namespace', NAMESPACE, SHOP, '--ignore-not-found');
});

const issuers = `
apiVersion: v1
kind: Namespace
metadata: {name: ${SHOP}}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: selfsigned}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: root, namespace: ${SHOP}}
spec:
  isCA: true
  commonName: First hour root
  secretName: root
  privateKey: {algorithm: ECDSA}
  issuerRef: {name: selfsigned, kind: ClusterIssuer}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: ca, namespace: ${SHOP}}
spec: {ca: {secretName: root}}
`;

const leafManifest = (name: string): string => `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: ${name}, namespace: ${SHOP}}
spec:
  secretName: ${name}
  dnsNames: [${name}.shop.svc]
  privateKey: {algorithm: ECDSA}
  issuerRef: {name: ca}
`;

const ingress = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: ${SHOP}
  annotations: {cert-manager.io/issuer: ca, cert-manager.io/private-key-algorithm: ECDSA}
spec:
  ingressClassName: traefik
  tls: [{hosts: [ingress.example.test], secretName: ingress-tls}]
  rules:
  - host: ingress.example.test
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
`;

const gateway = `${gatewayClass}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge
  namespace: ${SHOP}
  annotations: {cert-manager.io/issuer: ca}
spec:
  gatewayClassName: traefik
  listeners:
  - {name: https, protocol: HTTPS, port: 443, hostname: gateway.example.test, tls: {mode: Terminate, certificateRefs: [{name: gateway-tls}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: ${SHOP}}
spec:
  parentRefs: [{name: edge}]
  hostnames: [gateway.example.test]
  rules: [{backendRefs: [{name: web, port: 80}]}]
`;

/** One step of the story; those after one that failed could only fail too, each after waiting in vain. */
function step(name: string, play: (t: TestContext) => Promise<void>): void {
  test(name, async (t) => {
    assert.equal(failed, undefined, 'a step before this one failed');
    failed = name;
    await play(t);
    failed = undefined;
  });
}

function ready(name: string): Promise<{ value: Certificate; seconds: number }> {
  return eventually(`Certificate ${name} is Ready`, 30, async () => {
    const found = await get<Certificate>('certificate', name, '-n', SHOP);
    return isReady(found) ? found : undefined;
  });
}

step('helm install --wait, into a namespace that takes restricted pods only', async (t) => {
  const begin = performance.now();
  await install();
  installed = true;
  t.diagnostic(`helm install --wait: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  const running = await pods();
  assert.ok(running.length > 0);
  for (const pod of running) assert.equal(pod.status.containerStatuses?.[0]?.restartCount, 0);
});

step('an issuer and a Certificate are applied, and the Secret is there', async (t) => {
  await apply(`${issuers}---${leafManifest('api')}`);
  const [root, api] = [await ready('root'), await ready('api')];
  t.diagnostic(`applied to Ready, a CA and what it signs: ${(root.seconds + api.seconds).toFixed(1)} s`);
  const { leaf, ca } = await stored(SHOP, 'api');
  assert.equal(leaf.subjectAltName, 'DNS:api.shop.svc');
  assert.equal((await stored(SHOP, 'root')).leaf.toString(), ca);
});

step('an annotation on an Ingress is enough: a client outside gets our certificate', async (t) => {
  await apply(webBackend(SHOP));
  await kubectl('rollout', 'status', 'deployment/web', '-n', SHOP, '--timeout=60s');
  await apply(ingress);
  const { seconds } = await ready('ingress-tls');
  const { leaf, ca } = await stored(SHOP, 'ingress-tls');
  const visited = await eventually('Traefik serves it', 30, () => visit('ingress.example.test', ca));
  t.diagnostic(
    `Ready after ${seconds.toFixed(1)} s, served after ${(seconds + visited.seconds).toFixed(1)} s`,
  );
  assert.equal(visited.value.leaf.fingerprint256, leaf.fingerprint256);
  assert.match(visited.value.body, /host=ingress\.example\.test/u);
});

step('an annotation on a Gateway is enough', async (t) => {
  await apply(gateway);
  const { seconds } = await ready('gateway-tls');
  const { leaf, ca } = await stored(SHOP, 'gateway-tls');
  const visited = await eventually('Traefik serves it', 30, () => visit('gateway.example.test', ca));
  t.diagnostic(
    `Ready after ${seconds.toFixed(1)} s, served after ${(seconds + visited.seconds).toFixed(1)} s`,
  );
  assert.equal(visited.value.leaf.fingerprint256, leaf.fingerprint256);
  assert.match(visited.value.body, /host=gateway\.example\.test/u);
});

step('a renewal that is asked for as cmctl asks reaches the client outside', async (t) => {
  const before = await stored(SHOP, 'ingress-tls');
  const condition = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'asked for by hand',
    lastTransitionTime: new Date().toISOString(),
  };
  const patch = JSON.stringify([{ op: 'add', path: '/status/conditions/-', value: condition }]);
  const of = ['certificate', 'ingress-tls', '-n', SHOP] as const;
  await kubectl('patch', ...of, '--subresource=status', '--type=json', '-p', patch);
  const renewed = await eventually('the second revision', 30, async () => {
    const found = await get<Certificate>(...of);
    return found.status?.revision === 2 && isReady(found) ? found : undefined;
  });
  const now = await stored(SHOP, 'ingress-tls');
  assert.notEqual(now.leaf.serialNumber, before.leaf.serialNumber);
  // Every visit on the way is served and verified: there is no moment without a certificate.
  const served = await eventually('the new one is served', 30, async () => {
    const { leaf } = await visit('ingress.example.test', now.ca);
    return leaf.serialNumber === now.leaf.serialNumber ? leaf : undefined;
  });
  t.diagnostic(`renewed after ${renewed.seconds.toFixed(1)} s, served ${served.seconds.toFixed(1)} s later`);
});

step('helm upgrade changes the deployment and re-issues nothing', async (t) => {
  const revisions = async (): Promise<unknown> =>
    (await certificates(SHOP)).map(({ metadata, status }) => [metadata.name, status?.revision]);
  const before = await revisions();
  const [old] = await pods();
  const begin = performance.now();
  await install({ 'global.logLevel': '4' });
  t.diagnostic(`helm upgrade --wait: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  const [current] = await pods();
  assert.notEqual(current?.metadata.uid, old?.metadata.uid);
  // The new pod is at work: it issues.
  await apply(leafManifest('api-two'));
  await ready('api-two');
  assert.deepEqual(
    ((await revisions()) as [string, number][]).filter(([name]) => name !== 'api-two'),
    before,
  );
});

step('helm uninstall leaves definitions, Certificates and Secrets', async () => {
  const names = (await certificates(SHOP)).map(({ metadata }) => metadata.name);
  assert.equal(names.length, 5);
  const before = await stored(SHOP, 'ingress-tls');
  await uninstall();
  installed = false;
  assert.equal(await inNode(['helm', 'list', '--namespace', NAMESPACE, '--short']), '');
  assert.equal(
    await kubectl(
      'get',
      'deployments,services,serviceaccounts',
      '-n',
      NAMESPACE,
      '-l',
      `app.kubernetes.io/instance=${RELEASE}`,
      '-o',
      'name',
    ),
    '',
  );
  const definitions = await kubectl('get', 'crd', '-o', 'name');
  for (const kind of [
    'certificates.cert-manager.io',
    'issuers.cert-manager.io',
    'orders.acme.cert-manager.io',
  ])
    assert.ok(definitions.includes(`/${kind}\n`), kind);
  assert.deepEqual(
    (await certificates(SHOP)).map(({ metadata }) => metadata.name),
    names,
  );
  const now = await stored(SHOP, 'ingress-tls');
  assert.equal(now.leaf.serialNumber, before.leaf.serialNumber);
  // And is still served.
  assert.equal((await visit('ingress.example.test', now.ca)).leaf.serialNumber, now.leaf.serialNumber);
});
