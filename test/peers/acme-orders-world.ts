/** Controllers over an embedded server with Pebble as the CA; this process answers HTTP-01 itself. */
import { setTimeout as wait } from 'node:timers/promises';

import type { Certificate, CertificateSpec } from '../../src/api/certificate.ts';
import type { Secret } from '../../src/api/core.ts';
import type { ClusterIssuer } from '../../src/api/issuer.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { Order } from '../../src/api/order.ts';
import type { RoundTrip } from '../../src/acme/create-client.ts';
import { certificates, clusterIssuers, orders, secrets } from '../../src/api/resources.ts';
import type { Solver } from '../../src/api/solver.ts';
import type { Controllers } from '../../src/controllers/manager.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { parseCertificates, type ParsedCertificate } from '../../src/pki/x509/parse-certificate.ts';
import { startChallengeServer, type ChallengeServer } from '../../tools/peers/acme/challenge-server.ts';
import { startPebble, type Pebble, type PebbleOptions } from '../../tools/peers/acme/pebble.ts';
import { freePorts } from '../../tools/peers/acme/peer-process.ts';
import { openEmbeddedApi } from '../servers/embedded-api.ts';
import { acmeClusterIssuer, startAcmeControllers } from './acme-controllers.ts';

export const namespace = 'shop';
const byTest = { fieldManager: 'test' };

/** The listener of this process; what the CA sees is what counts. */
export const listener: Solver = { http01: { listener: {} }, waitInsteadOfSelfCheck: '0s' };

export class OrdersWorld implements AsyncDisposable {
  readonly trips: RoundTrip[] = [];
  readonly problems: string[] = [];
  readonly pebble: Pebble;
  readonly client: KubeClient;
  readonly #end: () => Promise<void>;

  private constructor(client: KubeClient, pebble: Pebble, end: () => Promise<void>) {
    this.client = client;
    this.pebble = pebble;
    this.#end = end;
  }

  /** `inCluster`: what `http01.ingress` asks for is made, and leads to this process as to a Pod. */
  static async start(ca: PebbleOptions = {}, inCluster = false): Promise<OrdersWorld> {
    const [httpPort = 0] = await freePorts(1);
    const names: ChallengeServer = await startChallengeServer();
    const pebble = await startPebble({ dnsServer: names.dns, httpPort, noSleep: true, ...ca });
    const api = await openEmbeddedApi({
      dataDir: ':memory:',
      fresh: true,
      namespaces: [namespace, 'system'],
      now: Date.now,
    });
    let controllers: Controllers | undefined;
    const world = new OrdersWorld(api.client(), pebble, async () => {
      await controllers?.stop();
      await api.close();
      await pebble.stop();
      await names.stop();
    });
    controllers = await startAcmeControllers({
      connection: api.connection,
      settings: { inCluster, responder: { http01: { host: '127.0.0.1', port: httpPort } } },
      environment: inCluster
        ? { POD_NAME: 'certwright-0', POD_NAMESPACE: 'system', POD_IP: '10.244.0.9' }
        : {},
      onTrip: (trip) => void world.trips.push(trip),
      onProblem: (problem) => void world.problems.push(problem),
    });
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  async issuer(acme: object = {}, name = 'acme'): Promise<void> {
    const issuer = acmeClusterIssuer(name, this.pebble, { solvers: [listener], ...acme });
    await this.client.create(clusterIssuers, issuer, byTest);
  }

  async secret(name: string, stringData: Record<string, string>): Promise<void> {
    const metadata = { name, namespace: 'system' };
    await this.client.create<Secret>(
      secrets,
      { apiVersion: 'v1', kind: 'Secret', metadata, stringData },
      byTest,
    );
  }

  async certificate(
    name: string,
    spec: Partial<CertificateSpec>,
    metadata: KubeObject['metadata'] = {},
  ): Promise<void> {
    const certificate: Certificate = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name, namespace, ...metadata },
      spec: {
        secretName: name,
        privateKey: { algorithm: 'ECDSA', size: 256 },
        issuerRef: { name: 'acme', kind: 'ClusterIssuer' },
        ...spec,
      },
    };
    await this.client.create(certificates, certificate, byTest);
  }

  /** Waits until the Certificate is Ready; its chain. @throws Error with what its Order says */
  async chain(name: string, seconds = 60): Promise<ParsedCertificate[]> {
    for (let left = seconds * 10; left > 0; left--) {
      const certificate = await this.client.get<Certificate>(certificates, { namespace, name });
      if (certificate.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True')) {
        const secret = await this.client.get<Secret>(secrets, { namespace, name });
        return parseCertificates(Buffer.from(secret.data?.['tls.crt'] ?? '', 'base64'));
      }
      await wait(100);
    }
    const orders = (await this.orders(name)).map(({ status }) => ({ ...status, certificate: undefined }));
    throw new Error(`${name} is not Ready: ${JSON.stringify(orders)}\n${this.problems.join('\n')}`);
  }

  async orders(certificate: string): Promise<Order[]> {
    const { items } = await this.client.list<Order>(orders, { namespace });
    return items.filter(
      ({ metadata }) => metadata?.annotations?.['cert-manager.io/certificate-name'] === certificate,
    );
  }

  /** Waits for a word in the Ready condition of an issuer. */
  async issuerSays(pattern: RegExp, name = 'acme'): Promise<string> {
    let said = '';
    for (let left = 300; left > 0; left--) {
      const { status } = await this.client.get<ClusterIssuer>(clusterIssuers, { name });
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      said = `${ready?.status} ${ready?.reason}: ${ready?.message}`;
      if (pattern.test(said)) return said;
      await wait(100);
    }
    throw new Error(`the issuer says ${said}`);
  }

  requests(action: string): number {
    return this.trips.filter((trip) => trip.action === action).length;
  }
}
