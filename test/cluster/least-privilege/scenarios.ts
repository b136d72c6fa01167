/** Everything that the controller does with a right: a new right needs a new scenario here, or the lane says that it is unused. */
import { createCsr } from '../../../src/pki/x509/create-csr.ts';
import { generateKey } from '../../../src/pki/keys.ts';
import { encodePem } from '../../../src/pki/pem.ts';
import type { Scenario } from './world.ts';

const certManager = 'cert-manager.io/v1';

function certificate(name: string, spec: object): object {
  return {
    apiVersion: certManager,
    kind: 'Certificate',
    metadata: { name },
    spec: {
      secretName: `${name}-tls`,
      dnsNames: [`${name}.example.com`],
      privateKey: { algorithm: 'ECDSA' },
      issuerRef: { kind: 'Issuer', name: 'ca' },
      ...spec,
    },
  };
}

export const issuers: Scenario = {
  title: 'issuers of both kinds become Ready, and a CA comes from them',
  async run(world) {
    await world.create(
      {
        apiVersion: certManager,
        kind: 'ClusterIssuer',
        metadata: { name: 'selfsigned' },
        spec: { selfSigned: {} },
      },
      {
        apiVersion: certManager,
        kind: 'Certificate',
        metadata: { name: 'root', namespace: 'cert-manager' },
        spec: {
          isCA: true,
          commonName: 'root',
          secretName: 'root-ca',
          privateKey: { algorithm: 'ECDSA' },
          issuerRef: { kind: 'ClusterIssuer', name: 'selfsigned' },
        },
      },
      {
        apiVersion: certManager,
        kind: 'ClusterIssuer',
        metadata: { name: 'root' },
        spec: { ca: { secretName: 'root-ca' } },
      },
      certificate('ca', { isCA: true, commonName: 'ca', issuerRef: { kind: 'ClusterIssuer', name: 'root' } }),
      {
        apiVersion: certManager,
        kind: 'Issuer',
        metadata: { name: 'ca' },
        spec: { ca: { secretName: 'ca-tls' } },
      },
    );
    await world.ready('ca');
    await world.becomes('issuer/ca', '.status.conditions[?(@.type=="Ready")].status', 'True');
  },
};

const issuersOfOneNamespace: Scenario = {
  title: 'issuers of one namespace become Ready, and a CA comes from them',
  async run(world) {
    await world.create(
      {
        apiVersion: certManager,
        kind: 'Issuer',
        metadata: { name: 'selfsigned' },
        spec: { selfSigned: {} },
      },
      certificate('ca', {
        isCA: true,
        commonName: 'ca',
        issuerRef: { kind: 'Issuer', name: 'selfsigned' },
      }),
      {
        apiVersion: certManager,
        kind: 'Issuer',
        metadata: { name: 'ca' },
        spec: { ca: { secretName: 'ca-tls' } },
      },
    );
    await world.ready('ca');
    await world.becomes('issuer/ca', '.status.conditions[?(@.type=="Ready")].status', 'True');
  },
};

const fastPath: Scenario = {
  title: 'a Certificate with keystores, twice replaced, forgotten requests and a Secret that goes with it',
  async run(world) {
    await world.create(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'password' },
        stringData: { password: 'changeit' },
      },
      certificate('web', {
        revisionHistoryLimit: 1,
        keystores: {
          jks: { create: true, passwordSecretRef: { name: 'password', key: 'password' } },
          pkcs12: { create: true, passwordSecretRef: { name: 'password', key: 'password' } },
        },
      }),
    );
    await world.ready('web');
    for (const revision of [2, 3]) {
      await world.kubectl('delete', 'secret', '-n', 'shop', 'web-tls');
      await world.ready('web', revision);
    }
    await world.becomes('secret/web-tls', '.metadata.ownerReferences[0].kind', 'Certificate');
    await world.kubectl('delete', 'certificate', '-n', 'shop', 'web');
    await world.gone('secret/web-tls');
  },
};

const durablePath: Scenario = {
  title: 'a Certificate whose issuer comes later: the key waits in a Secret, which is deleted afterwards',
  async run(world) {
    await world.create(certificate('late', { issuerRef: { kind: 'Issuer', name: 'late' } }));
    const waiting = 'secret --selector=cert-manager.io/next-private-key=true';
    await world.becomes(waiting, '.items[*].kind', 'Secret');
    await world.create({
      apiVersion: certManager,
      kind: 'Issuer',
      metadata: { name: 'late' },
      spec: { ca: { secretName: 'ca-tls' } },
    });
    await world.ready('late');
    await world.gone(waiting);
  },
};

const takenName: Scenario = {
  title: 'a request of the name that is wanted next is in the way',
  async run(world) {
    await world.create(certificate('taken', {}));
    await world.ready('taken');
    const request = JSON.parse(
      await world.kubectl('get', 'certificaterequest/taken-1', '-n', 'shop', '-o', 'json'),
    ) as { spec: Record<string, unknown> };
    const { uid: _uid, username: _username, groups: _groups, extra: _extra, ...spec } = request.spec;
    await world.create({
      apiVersion: certManager,
      kind: 'CertificateRequest',
      metadata: { name: 'taken-2' },
      spec,
    });
    await world.kubectl('delete', 'secret', '-n', 'shop', 'taken-tls');
    await world.becomes('certificate/taken', '.status.conditions[?(@.type=="Ready")].status', 'False');
    await world.kubectl('delete', 'certificaterequest', '-n', 'shop', 'taken-2');
    await world.ready('taken', 2);
  },
};

interface Shim {
  object: (hosts: readonly string[], annotations: object) => object;
  /** Certificates are named like the Secret of a host. */
  resource: string;
}

const annotations = { 'cert-manager.io/issuer': 'ca' };

function shimScenario(title: string, prefix: string, make: Shim['object']): Scenario {
  return {
    title: `${title}: Certificates are made, changed and deleted`,
    async run(world) {
      const [first, second] = [`${prefix}-a`, `${prefix}-b`];
      await world.create(make([first, second], annotations));
      await world.ready(first);
      await world.ready(second);
      await world.create(make([first, second], { ...annotations, 'cert-manager.io/duration': '2160h' }));
      await world.becomes(`certificate/${first}`, '.spec.duration', '2160h0m0s');
      await world.create(make([first], annotations));
      await world.gone(`certificate/${second}`);
    },
  };
}

const ingress = shimScenario('an annotated Ingress', 'ingress', (hosts, given) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'ingress', annotations: given },
  spec: {
    defaultBackend: { service: { name: 'web', port: { number: 80 } } },
    tls: hosts.map((host) => ({ hosts: [`${host}.example.com`], secretName: host })),
  },
}));

function listeners(hosts: readonly string[]): object[] {
  return hosts.map((host) => ({
    name: host,
    hostname: `${host}.example.com`,
    port: 443,
    protocol: 'HTTPS',
    tls: { mode: 'Terminate', certificateRefs: [{ name: host }] },
  }));
}

const gateway = shimScenario('an annotated Gateway', 'gateway', (hosts, given) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'gateway', annotations: given },
  spec: { gatewayClassName: 'none', listeners: listeners(hosts) },
}));

const listenerSet = shimScenario('an annotated ListenerSet', 'set', (hosts, given) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'ListenerSet',
  metadata: { name: 'set', annotations: given },
  spec: { parentRef: { name: 'gateway' }, listeners: listeners(hosts) },
}));

const experimentalSet = shimScenario('an annotated XListenerSet', 'xset', (hosts, given) => ({
  apiVersion: 'gateway.networking.x-k8s.io/v1alpha1',
  kind: 'XListenerSet',
  metadata: { name: 'xset', annotations: given },
  spec: { parentRef: { name: 'gateway' }, listeners: listeners(hosts) },
}));

const kubernetesRequest: Scenario = {
  title: 'requests of certificates.k8s.io, by both kinds of issuers',
  async run(world) {
    const key = await generateKey({ algorithm: 'ECDSA', size: 256 });
    const csr = encodePem('CERTIFICATE REQUEST', createCsr({ dnsNames: ['csr.example.com'] }, key));
    for (const [name, signerName] of [
      ['cluster', 'clusterissuers.cert-manager.io/root'],
      ['namespaced', 'issuers.cert-manager.io/shop.ca'],
    ] as const) {
      await world.create({
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name },
        spec: {
          signerName,
          request: Buffer.from(csr).toString('base64'),
          usages: ['digital signature', 'key encipherment'],
        },
      });
      await world.kubectl('certificate', 'approve', name);
      await world.kubectl('wait', `csr/${name}`, '--for=jsonpath={.status.certificate}', '--timeout=60s');
    }
  },
};

const ofNamespaces = [fastPath, durablePath, takenName, ingress, gateway, listenerSet, experimentalSet];

export const controllerScenarios: readonly Scenario[] = [issuers, ...ofNamespaces, kubernetesRequest];

/** The same for whoever serves the namespace `shop` and nothing else. */
export const namespacedScenarios: readonly Scenario[] = [issuersOfOneNamespace, ...ofNamespaces];
