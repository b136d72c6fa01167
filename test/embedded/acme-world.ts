/** Certificates from an ACME CA in memory: issuer, request and Order controllers on a server, Challenges proven by the test. */
import { generateKeyPairSync } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { Challenge } from '../../src/api/challenge.ts';
import type { Order } from '../../src/api/order.ts';
import type { ClusterIssuer } from '../../src/api/issuer.ts';
import { challenges, clusterIssuers, orders, secrets } from '../../src/api/resources.ts';
import type { Solver } from '../../src/api/solver.ts';
import { ordersModule, type OrdersOptions } from '../../src/controllers/order/module.ts';
import { FakeCa, fakeServer } from '../../src/controllers/testing/fake-ca.ts';
import { encodePrivateKey } from '../../src/pki/keys.ts';
import { epoch, namespace, StandaloneWorld, type WorldOptions } from './standalone-world.ts';

const byTest = { fieldManager: 'test' };

export class AcmeWorld {
  readonly world: StandaloneWorld;
  readonly ca: FakeCa;

  private constructor(world: StandaloneWorld, ca: FakeCa) {
    this.world = world;
    this.ca = ca;
  }

  static async start(
    t: TestContext,
    options: OrdersOptions = {},
    more: Partial<WorldOptions> = {},
  ): Promise<AcmeWorld> {
    let world: StandaloneWorld | undefined;
    const ca = new FakeCa(() => world?.clock.now() ?? epoch);
    world = await StandaloneWorld.start(t, {
      inMemory: true,
      modules: [ordersModule(options)],
      openAccount: ca.open,
      ...more,
    });
    return new AcmeWorld(world, ca);
  }

  /** Its account key is there already, and quick: making one of RSA takes as long as it likes. */
  async issuer(solvers: Solver[] = [{ http01: { ingress: {} } }], acme: object = {}): Promise<void> {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const data = { 'tls.key': Buffer.from(encodePrivateKey(key)).toString('base64') };
    const metadata = { name: 'account', namespace: 'kube-system' };
    await this.world.user.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, data }, byTest);
    const section = { server: fakeServer, privateKeySecretRef: { name: 'account' }, solvers, ...acme };
    await this.world.clusterIssuer('acme', { acme: section });
  }
  getIssuer(): Promise<ClusterIssuer> {
    return this.world.user.get<ClusterIssuer>(clusterIssuers, { name: 'acme' });
  }

  async certificate(name: string, dnsNames: string[], metadata: object = {}): Promise<void> {
    await this.world.certificate(
      name,
      { dnsNames, issuerRef: { name: 'acme', kind: 'ClusterIssuer' } },
      metadata,
    );
  }

  async orders(): Promise<Order[]> {
    return (await this.world.user.list<Order>(orders, { namespace })).items;
  }
  async order(): Promise<Order> {
    const [order, ...others] = await this.orders();
    if (order === undefined || others.length > 0) throw new Error(`${others.length + 1} Orders, not 1`);
    return order;
  }
  /** Those that nobody has deleted: the Challenge controller, which lets go of them then, is not here. */
  async challenges(): Promise<Challenge[]> {
    const { items } = await this.world.user.list<Challenge>(challenges, { namespace });
    return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  }

  /** As the Challenge controller does it, with what the CA then says. */
  async prove(name: string, state: 'valid' | 'invalid' | 'errored' = 'valid'): Promise<void> {
    if (state !== 'errored') this.ca.validate(name, state);
    for (const challenge of await this.challenges()) {
      if (challenge.spec.dnsName !== name) continue;
      const key = { namespace, name: challenge.metadata?.name ?? '' };
      const status = { state, reason: state === 'valid' ? 'Successfully authorized domain' : 'it said no' };
      await this.world.user.patch(challenges, key, 'merge', { status }, { ...byTest, subresource: 'status' });
    }
    await this.world.settle();
  }
}
