/** A namespace with a CA issuer and many P-256 Certificates on a real API server, watched until all are Ready. */
import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import type { Certificate } from '../../../src/api/certificate.ts';
import type { CertificateRequest } from '../../../src/api/certificate-request.ts';
import type { Secret } from '../../../src/api/core.ts';
import { certificateRequests, certificates, issuers, secrets } from '../../../src/api/resources.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { systemClock } from '../../../src/kube/clock.ts';
import { connect, endpointOf, type OpenConnection } from '../../../src/kube/connect.ts';
import { nodeHost } from '../../../src/kube/host.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { createInformer } from '../../../src/kube/informer.ts';
import { loadKubeContext } from '../../../src/kube/kubeconfig.ts';
import { checkHoldings } from '../../resilience/fleet.ts';
import type { Cluster } from '../../../tools/apiserver/start.ts';

const fieldManager = 'storm-test';
const ecdsa = { algorithm: 'ECDSA', size: 256 } as const;
const AT_ONCE = 16;

export async function connectTo(kubeconfig: string): Promise<OpenConnection> {
  const host = nodeHost({}, homedir());
  const context = await loadKubeContext(host, { file: kubeconfig });
  return connect(endpointOf(context, host, systemClock), { clock: systemClock, random: Math.random });
}

export interface Storm {
  readonly client: KubeClient;
  /** Asks for `count` further Certificates. */
  ask(count: number): Promise<void>;
  /** Resolves once that many Certificates (the CA's own included) are Ready, whatever happens to the watch. */
  ready(count: number): Promise<void>;
  /** How many are Ready as far as the watch told. */
  readyNow(): number;
  /** All asked for are Ready at revision 1, with one request and one Secret each, and nothing is left over. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Installs the definitions where they are missing, and makes the namespace with its issuers. */
export async function createStorm(cluster: Cluster, namespace: string): Promise<Storm> {
  const connection = await connectTo(cluster.kubeconfig);
  const client = createKubeClient({ ...connection, component: fieldManager });
  const answer = await cluster.ask('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  assert.equal(answer.status, 201, answer.body);
  const issuer = (name: string, spec: object): object => ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { name, namespace },
    spec,
  });
  const certificate = (name: string, spec: object): Certificate =>
    ({
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name, namespace },
      spec: { secretName: name, privateKey: ecdsa, ...spec },
    }) as Certificate;
  await client.create(issuers, issuer('self', { selfSigned: {} }), { fieldManager });
  await client.create(issuers, issuer('ca', { ca: { secretName: 'root' } }), { fieldManager });
  const root = certificate('root', { isCA: true, commonName: 'storm root', issuerRef: { name: 'self' } });
  await client.create(certificates, root, { fieldManager });
  let asked = 1;

  const done = new Set<string>();
  let wake = (): void => undefined;
  const informer = createInformer<Certificate>(
    client,
    certificates,
    { namespace, trim: (object) => object as Certificate },
    { clock: systemClock, random: Math.random, onError: () => undefined, onBadObject: assert.ifError },
  );
  informer.onChange(({ key, current }) => {
    const ready = current?.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True') done.add(key);
    else done.delete(key);
    wake();
  });
  const stop = new AbortController();
  const started = informer.start(stop.signal);
  // Timers of the informer do not keep a process alive; what a test waits for must.
  const alive = setInterval(() => undefined, 60_000);

  return {
    client,
    async ask(count) {
      const names = Array.from({ length: count }, (_, index) => `leaf-${asked + index}`);
      asked += count;
      const create = async (): Promise<void> => {
        for (let name = names.pop(); name !== undefined; name = names.pop()) {
          const leaf = certificate(name, { dnsNames: [`${name}.example.test`], issuerRef: { name: 'ca' } });
          await client.create(certificates, leaf, { fieldManager });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, create));
    },
    async ready(count) {
      await started;
      await new Promise<void>((resolve) => {
        wake = () => {
          if (done.size >= count) resolve();
        };
        wake();
      });
    },
    readyNow: () => done.size,
    async check() {
      const options = { namespace };
      checkHoldings(
        {
          certificates: (await client.list<Certificate>(certificates, options)).items,
          requests: (await client.list<CertificateRequest>(certificateRequests, options)).items,
          secrets: (await client.list<Secret>(secrets, options)).items,
        },
        asked,
      );
    },
    async close() {
      clearInterval(alive);
      stop.abort();
      await connection.close();
    },
  };
}
