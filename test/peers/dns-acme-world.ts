/** Controllers over an embedded server, Pebble as the CA, BIND as the DNS of all of them: DNS challenges end to end. */
import { setTimeout as wait } from 'node:timers/promises';

import type { Challenge } from '../../src/api/challenge.ts';
import type { Certificate, CertificateSpec } from '../../src/api/certificate.ts';
import type { Event, Secret } from '../../src/api/core.ts';
import {
  certificates,
  challenges,
  clusterIssuers,
  events,
  orders,
  secrets,
} from '../../src/api/resources.ts';
import type { Solver } from '../../src/api/solver.ts';
import type { Controllers } from '../../src/controllers/manager.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { startPebble, type Pebble, type PebbleOptions } from '../../tools/peers/acme/pebble.ts';
import { startBind, type Bind, type BindOptions } from '../../tools/peers/bind/bind.ts';
import type { ApiUnderTest } from '../servers/api-under-test.ts';
import { openEmbeddedApi } from '../servers/embedded-api.ts';
import { acmeClusterIssuer, startAcmeControllers } from './acme-controllers.ts';

export const namespace = 'shop';

export class DnsAcmeWorld implements AsyncDisposable {
  readonly client: KubeClient;
  readonly bind: Bind;
  readonly pebble: Pebble;
  readonly #api: ApiUnderTest;
  #controllers: Controllers | undefined;

  private constructor(api: ApiUnderTest, bind: Bind, pebble: Pebble) {
    this.#api = api;
    this.client = api.client();
    this.bind = bind;
    this.pebble = pebble;
  }

  static async start(dns: BindOptions, ca: PebbleOptions = {}): Promise<DnsAcmeWorld> {
    const bind = await startBind(dns);
    const pebble = await startPebble({ dnsServer: bind.server, noSleep: true, ...ca });
    const api = await openEmbeddedApi({
      dataDir: ':memory:',
      fresh: true,
      namespaces: [namespace, 'system'],
      now: Date.now,
    });
    const world = new DnsAcmeWorld(api, bind, pebble);
    await world.begin();
    return world;
  }

  /** Controllers as a process has them that was just started. */
  async begin(): Promise<void> {
    this.#controllers = await startAcmeControllers({
      connection: this.#api.connection,
      settings: {
        checkRetryMs: 1000,
        // Authoritative servers would be asked at port 53, which is not BIND's here.
        dns: { recursiveNameservers: [this.bind.server], recursiveNameserversOnly: true, programs: {} },
      },
    });
  }

  /** Stops the controllers as they stand: what they put in place stays. */
  async halt(): Promise<void> {
    await this.#controllers?.stop();
    this.#controllers = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.halt();
    await this.#api.close();
    await this.pebble.stop();
    await this.bind.stop();
  }

  async issuer(name: string, solvers: Solver[]): Promise<void> {
    const issuer = acmeClusterIssuer(name, this.pebble, { solvers });
    await this.client.create(clusterIssuers, issuer, { fieldManager: 'test' });
  }

  async secret(name: string, data: Record<string, string>): Promise<void> {
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'system' },
      stringData: data,
    };
    await this.client.create(secrets, secret, { fieldManager: 'test' });
  }

  async certificate(
    name: string,
    issuer: string,
    dnsNames: string[],
    more: Partial<CertificateSpec> = {},
  ): Promise<void> {
    const certificate: Certificate = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name, namespace },
      spec: {
        secretName: name,
        dnsNames,
        issuerRef: { name: issuer, kind: 'ClusterIssuer' },
        privateKey: { algorithm: 'ECDSA' },
        ...more,
      },
    };
    await this.client.create(certificates, certificate, { fieldManager: 'test' });
  }

  /** PEM of the chain. Throws with what every object says when it is not Ready in time. */
  async issued(name: string, limitMs = 180_000): Promise<string> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const one = await this.client.get<Certificate>(certificates, { namespace, name });
      if (
        one.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
      ) {
        const secret = await this.client.get<Secret>(secrets, { namespace, name });
        return Buffer.from(secret.data?.['tls.crt'] ?? '', 'base64').toString();
      }
      if (performance.now() > deadline)
        throw new Error(`${name} is not issued:\n${await this.#everything()}`);
      await wait(50);
    }
  }

  async challengesOnceSeen(enough: (all: Challenge[]) => boolean, limitMs = 120_000): Promise<Challenge[]> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const { items } = await this.client.list<Challenge>(challenges, { namespace });
      if (enough(items)) return items;
      if (performance.now() > deadline)
        throw new Error(`Challenges are not as expected:\n${await this.#everything()}`);
      await wait(50);
    }
  }

  async #everything(): Promise<string> {
    const lists = await Promise.all(
      [clusterIssuers, certificates, orders, challenges].map((type) =>
        this.client.list<Certificate>(type, {}),
      ),
    );
    const told = await this.client.list<Event>(events, { namespace });
    return [
      ...lists.flatMap(({ items }) =>
        items.map((item) => `${item.kind} ${item.metadata?.name}: ${JSON.stringify(item.status)}`),
      ),
      ...told.items.map(({ reason, message }) => `${reason}: ${message}`),
      this.pebble.log().slice(-2000),
    ].join('\n');
  }
}
