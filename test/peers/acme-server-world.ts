/** Controllers with ACME over the API server of the lane (embedded, or a real kube-apiserver); the test brings the CAs. */
import { setTimeout as wait } from 'node:timers/promises';

import type { RoundTrip } from '../../src/acme/create-client.ts';
import type { Certificate, CertificateSpec } from '../../src/api/certificate.ts';
import type { Challenge } from '../../src/api/challenge.ts';
import type { Secret } from '../../src/api/core.ts';
import type { ClusterIssuer } from '../../src/api/issuer.ts';
import type { Order } from '../../src/api/order.ts';
import { certificates, challenges, clusterIssuers, orders, secrets } from '../../src/api/resources.ts';
import type { Solver } from '../../src/api/solver.ts';
import type { Controllers } from '../../src/controllers/manager.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { parseCertificates, type ParsedCertificate } from '../../src/pki/x509/parse-certificate.ts';
import { openApi, type ApiUnderTest } from '../servers/api-under-test.ts';
import {
  acmeClusterIssuer,
  startAcmeControllers,
  type AcmeControllersOptions,
  type Ca,
} from './acme-controllers.ts';

export const namespace = 'shop';
const byTest = { fieldManager: 'test' };

/** What is checked by the CA alone: nobody listens on port 80 here. */
export const httpListener: Solver = { http01: { listener: {} }, waitInsteadOfSelfCheck: '0s' };
export const tlsListener: Solver = { tlsALPN01: { listener: {} }, waitInsteadOfSelfCheck: '0s' };

export type ServerWorldOptions = Pick<AcmeControllersOptions, 'settings' | 'clock' | 'through'>;

/** A limit is there to end what hangs; a machine that does other things as well is slower by this much. */
const patience = 4;

export class AcmeServerWorld implements AsyncDisposable {
  readonly client: KubeClient;
  readonly trips: RoundTrip[] = [];
  /** What the controllers logged as errors. */
  readonly problems: string[] = [];
  readonly #api: ApiUnderTest;
  readonly #options: ServerWorldOptions;
  readonly #ends: (() => Promise<void>)[] = [];
  #controllers: Controllers | undefined;

  private constructor(api: ApiUnderTest, options: ServerWorldOptions) {
    this.#api = api;
    this.client = api.client();
    this.#options = options;
  }

  static async start(options: ServerWorldOptions = {}): Promise<AcmeServerWorld> {
    const namespaces = [namespace, 'system'];
    const api = await openApi({ dataDir: ':memory:', fresh: true, namespaces, now: Date.now });
    const world = new AcmeServerWorld(api, options);
    await world.begin();
    return world;
  }

  /** A peer that ends with the world. */
  with<T extends { stop(): Promise<void> }>(peer: T): T {
    this.#ends.push(() => peer.stop());
    return peer;
  }

  /** Controllers as a process has them that was just started. */
  async begin(): Promise<void> {
    this.#controllers = await startAcmeControllers({
      ...this.#options,
      settings: { checkRetryMs: 1000, ...this.#options.settings },
      connection: this.#api.connection,
      onTrip: (trip) => void this.trips.push(trip),
      onProblem: (problem) => void this.problems.push(problem),
    });
  }

  /** Stops the controllers as they stand. */
  async halt(): Promise<void> {
    await this.#controllers?.stop();
    this.#controllers = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.halt();
    await Promise.all(this.#ends.map((end) => end()));
    await this.#api.close();
  }

  async issuer(name: string, ca: Ca, acme: object = {}): Promise<void> {
    const issuer = acmeClusterIssuer(name, ca, { solvers: [httpListener], ...acme });
    await this.client.create(clusterIssuers, issuer, byTest);
  }

  /** In the namespace of cluster issuers. */
  async secret(name: string, stringData: Record<string, string>): Promise<void> {
    const metadata = { name, namespace: 'system' };
    const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData };
    await this.client.create(secrets, secret, byTest);
  }

  async certificate(name: string, issuer: string, spec: Partial<CertificateSpec>): Promise<void> {
    const certificate: Certificate = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name, namespace },
      spec: {
        secretName: name,
        privateKey: { algorithm: 'ECDSA', size: 256 },
        issuerRef: { name: issuer, kind: 'ClusterIssuer' },
        ...spec,
      },
    };
    await this.client.create(certificates, certificate, byTest);
  }

  read(name: string): Promise<Certificate> {
    return this.client.get<Certificate>(certificates, { namespace, name });
  }

  /** Waits until the Certificate is Ready; its chain. @throws Error with what its Orders and Challenges say */
  async chain(name: string, seconds = 120): Promise<ParsedCertificate[]> {
    await this.until(`${name} is Ready`, seconds, async () => isReady(await this.read(name)), name);
    const secret = await this.client.get<Secret>(secrets, { namespace, name });
    return parseCertificates(Buffer.from(secret.data?.['tls.crt'] ?? '', 'base64'));
  }

  async orders(certificate: string): Promise<Order[]> {
    const { items } = await this.client.list<Order>(orders, { namespace });
    return items.filter(
      ({ metadata }) => metadata?.annotations?.['cert-manager.io/certificate-name'] === certificate,
    );
  }

  async challenges(): Promise<Challenge[]> {
    return (await this.client.list<Challenge>(challenges, { namespace })).items;
  }

  async accountUrl(issuer: string): Promise<string> {
    let uri = '';
    await this.until(`${issuer} has an account`, 60, async () => {
      const { status } = await this.client.get<ClusterIssuer>(clusterIssuers, { name: issuer });
      uri = status?.acme?.uri ?? '';
      return uri !== '';
    });
    return uri;
  }

  /**
   * @param seconds that are plenty on a machine that does nothing else
   * @throws Error with what everything says of it, or of all Orders and Challenges, when it never becomes true
   */
  async until(
    what: string,
    seconds: number,
    look: () => Promise<boolean>,
    certificate?: string,
  ): Promise<void> {
    const deadline = performance.now() + seconds * 1000 * patience;
    while (!(await look())) {
      if (performance.now() > deadline)
        throw new Error(`never: ${what}\n${await this.#account(certificate)}`);
      await wait(100);
    }
  }

  async #account(certificate: string | undefined): Promise<string> {
    const { items: issuers } = await this.client.list<ClusterIssuer>(clusterIssuers);
    const placed =
      certificate === undefined
        ? (await this.client.list<Order>(orders, { namespace })).items
        : await this.orders(certificate);
    const uids = new Set(placed.map(({ metadata }) => metadata?.uid));
    const proofs = (await this.challenges()).filter(({ metadata }) =>
      metadata?.ownerReferences?.some(({ uid }) => uids.has(uid)),
    );
    const told = [
      ...issuers.map(({ metadata, status }) => [metadata?.name, status?.conditions]),
      ...placed.map(({ metadata, status }) => [metadata?.name, { ...status, certificate: undefined }]),
      ...proofs.map(({ metadata, spec, status }) => [metadata?.name, spec.dnsName, status]),
      ...this.problems.slice(-10),
    ];
    return told
      .slice(0, 40)
      .map((one) => JSON.stringify(one))
      .join('\n');
  }
}

export function isReady({ status }: Certificate): boolean {
  return status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
}
