/** The real kubectl and the real openssl around a CertificateSigningRequest: asked, listed, approved, denied, signed, verified. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { certificateSigningRequestModule } from '../../src/controllers/certificatesigningrequest/controller.ts';
import { startControllers, type Controllers } from '../../src/controllers/manager.ts';
import { createIssuerTypes } from '../../src/issuers/registry.ts';
import { until } from '../cluster/until.ts';
import { startCluster, type KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
let controllers: Controllers;
const silent = (): void => undefined;
before(async () => {
  cluster = await startCluster();
  const client: KubeClient = createKubeClient({
    baseUrl: 'http://embedded.invalid',
    dispatcher: cluster.server.dispatcher(),
    clock: systemClock,
    random: () => 0.5,
  });
  controllers = startControllers({
    client,
    clock: systemClock,
    random: () => 0.5,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    issuerTypes: createIssuerTypes(),
    modules: [certificateSigningRequestModule(new Set(['certificatesigningrequests-issuer-ca']))],
  });
  await controllers.synced;
});
after(async () => {
  await controllers.stop();
  await cluster.close();
});

const issuers = `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: selfsigned }
spec: { selfSigned: {} }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: root, namespace: kube-system }
spec:
  isCA: true
  commonName: Root
  secretName: root
  privateKey: { algorithm: ECDSA, size: 256 }
  issuerRef: { name: selfsigned, kind: ClusterIssuer }
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: ca }
spec: { ca: { secretName: root } }
`;

function request(name: string, pem: string): string {
  return `
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: ${name} }
spec:
  signerName: clusterissuers.cert-manager.io/ca
  expirationSeconds: 86400
  usages: [digital signature, server auth]
  request: ${Buffer.from(pem).toString('base64')}
`;
}

const openssl = (...args: string[]): string =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });

test('openssl asks, kubectl approves, the issuer signs, openssl verifies', async () => {
  await cluster.ok('apply', '-f', cluster.file('issuers.yaml', issuers));
  const key = cluster.file('web.key', '');
  const csr = cluster.file('web.csr', '');
  openssl(
    'req',
    '-new',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    key,
    '-out',
    csr,
    '-subj',
    '/CN=web',
    '-addext',
    'subjectAltName=DNS:web.example.com',
  );
  const pem = openssl('req', '-in', csr);
  await cluster.ok('create', '-f', cluster.file('web.yaml', request('web', pem)));
  const [header = '', row = ''] = (await cluster.ok('get', 'csr')).split('\n');
  assert.deepEqual(
    header
      .split(/\s{2,}/u)
      .map((one) => one.trim())
      .filter(Boolean),
    ['NAME', 'AGE', 'SIGNERNAME', 'REQUESTOR', 'REQUESTEDDURATION', 'CONDITION'],
  );
  assert.match(row, /^web\s+\d+s\s+clusterissuers\.cert-manager\.io\/ca\s+\S+\s+24h\s+Pending/u);
  assert.match(
    await cluster.ok('certificate', 'approve', 'web'),
    /certificatesigningrequest\.certificates\.k8s\.io\/web approved/u,
  );
  await until('web is issued', async () => /Approved,Issued/u.test(await cluster.ok('get', 'csr', 'web')));

  const decode = (text: string): string => Buffer.from(text, 'base64').toString();
  const leaf = cluster.file(
    'web.pem',
    decode(await cluster.ok('get', 'csr', 'web', '-o', 'jsonpath={.status.certificate}')),
  );
  const root = cluster.file(
    'root.pem',
    decode(
      await cluster.ok('get', 'secret', 'root', '-n', 'kube-system', '-o', 'jsonpath={.data.tls\\.crt}'),
    ),
  );
  assert.match(
    openssl('verify', '-CAfile', root, '-purpose', 'sslserver', '-verify_hostname', 'web.example.com', leaf),
    /: OK/u,
  );
  assert.equal(openssl('x509', '-in', leaf, '-noout', '-pubkey'), openssl('pkey', '-in', key, '-pubout'));
  assert.match(await cluster.ok('describe', 'csr', 'web'), /Signer:\s+clusterissuers\.cert-manager\.io\/ca/u);
});

test('kubectl denies, and then cannot approve', async () => {
  const pem = openssl(
    'req',
    '-new',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    cluster.file('web2.key', ''),
    '-subj',
    '/CN=no',
  );
  await cluster.ok('create', '-f', cluster.file('refused.yaml', request('refused', pem)));
  assert.match(await cluster.ok('certificate', 'deny', 'refused'), /denied/u);
  assert.match(await cluster.ok('get', 'csr', 'refused'), /Denied$/mu);
  const { code } = await cluster.kubectl(['certificate', 'approve', 'refused']);
  assert.notEqual(code, 0);
  assert.match(
    await cluster.ok('get', 'csr', '--field-selector', 'metadata.name=refused', '-o', 'name'),
    /refused/u,
  );
});
