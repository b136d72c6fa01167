/** The Challenge controller on an API server, with a CA and a solver that live in the test. */
import { generateKeyPairSync } from 'node:crypto';
import type { TestContext } from 'node:test';
import { dns01Value } from '../../../src/acme/challenge-values.ts';
import type { CertificateRequest } from '../../../src/api/certificate-request.ts';
import type { Challenge, ChallengeSpec } from '../../../src/api/challenge.ts';
import type { Secret } from '../../../src/api/core.ts';
import type { ChallengeType } from '../../../src/api/enumerations.ts';
import type { OwnerReference } from '../../../src/api/meta.ts';
import type { Order, OrderStatus } from '../../../src/api/order.ts';
import type { Solver as SolverSpec } from '../../../src/api/solver.ts';
import { certificateRequests, challenges, orders, secrets } from '../../../src/api/resources.ts';
import { challengesModule } from '../../../src/controllers/challenge/module.ts';
import type { ControllerOptions } from '../../../src/controllers/context.ts';
import { csrOf, newKey } from '../../../src/controllers/testing/requests.ts';
import { NotFoundError } from '../../../src/kube/errors.ts';
import { defaultAcmeSettings, type AcmeSettings } from '../../../src/solvers/settings.ts';
import { namespace, StandaloneWorld } from '../standalone-world.ts';
import { FakeCa, origin } from './fake-ca.ts';
import { FakeSolver } from './fake-solver.ts';

export const http01: SolverSpec = { http01: { ingress: { ingressClassName: 'nginx' } } };
export const dns01: SolverSpec = {
  dns01: { cloudflare: { apiTokenSecretRef: { name: 'cloudflare', key: 'token' } } },
};
/** Making one takes longer than anything else here. */
const accountKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();
const types = { 'HTTP-01': 'http-01', 'DNS-01': 'dns-01' } as const;

export interface ChallengeWorldOptions {
  settings?: Partial<AcmeSettings>;
  controllers?: Partial<ControllerOptions>;
  inMemory?: boolean;
  solvers?: readonly SolverSpec[];
}

export class ChallengeWorld {
  readonly ca = new FakeCa();
  readonly solver = new FakeSolver();
  readonly debts: number[] = [];
  world!: StandaloneWorld;
  #thumbprint = '';

  static async start(t: TestContext, options: ChallengeWorldOptions = {}): Promise<ChallengeWorld> {
    const here = new ChallengeWorld();
    const settings = { ...defaultAcmeSettings, ...options.settings };
    here.world = await StandaloneWorld.start(t, {
      inMemory: options.inMemory ?? true,
      openAccount: (account) => {
        const client = here.ca.openAccount(account);
        here.#thumbprint = client.thumbprint;
        return client;
      },
      // Orders are made by the tests: the Order controller has tests of its own.
      controllers: {
        disabled: new Set(['certificaterequests-issuer-acme', 'orders']),
        ...options.controllers,
      },
      modules: [
        challengesModule({
          settings,
          solvers: () => ({ solvers: here.solver, informers: [] }),
          onDebts: (count) => void here.debts.push(count),
        }),
      ],
    });
    const token = { name: 'cloudflare', namespace: 'kube-system' };
    await here.world.user.create<Secret>(
      secrets,
      { apiVersion: 'v1', kind: 'Secret', metadata: token, stringData: { token: 'secret' } },
      { fieldManager: 'test' },
    );
    await here.issuer('acme', options.solvers ?? [http01, dns01]);
    return here;
  }

  async issuer(name: string, solvers: readonly SolverSpec[]): Promise<void> {
    const account = { name: `${name}-account`, namespace: 'kube-system' };
    await this.world.user.create<Secret>(
      secrets,
      { apiVersion: 'v1', kind: 'Secret', metadata: account, stringData: { 'tls.key': accountKey } },
      { fieldManager: 'test' },
    );
    await this.world.clusterIssuer(name, {
      acme: { server: `${origin}/directory`, privateKeySecretRef: { name: `${name}-account` }, solvers },
    });
  }

  /** An approved request and its Order, whose CA offers a challenge of each type for each name. */
  async order(name: string, dnsNames: readonly string[], change: { issuer?: string } = {}): Promise<Order> {
    const { user } = this.world;
    const issuerRef = { name: change.issuer ?? 'acme', kind: 'ClusterIssuer', group: 'cert-manager.io' };
    const request = csrOf(newKey(), name);
    const owner = await user.create<CertificateRequest>(
      certificateRequests,
      {
        apiVersion: 'cert-manager.io/v1',
        kind: 'CertificateRequest',
        metadata: { name, namespace },
        spec: { issuerRef, request },
      },
      { fieldManager: 'test' },
    );
    await this.world.settle();
    const order = await user.create<Order>(
      orders,
      {
        apiVersion: 'acme.cert-manager.io/v1',
        kind: 'Order',
        metadata: {
          name,
          namespace,
          ownerReferences: [ownedBy(owner, 'cert-manager.io/v1', 'CertificateRequest')],
        },
        spec: { request, issuerRef, dnsNames: [...dnsNames] },
      },
      { fieldManager: 'test' },
    );
    const authorizations = dnsNames.map((dnsName) => {
      const bare = dnsName.replace(/^\*\./u, '');
      const url = this.ca.authorize(bare, Object.values(types), bare !== dnsName);
      const { challenges: offered } = this.ca.authorizations.get(url)!;
      return {
        url,
        identifier: bare,
        wildcard: bare !== dnsName,
        initialState: 'pending' as const,
        challenges: offered.map((one) => ({ url: one.url, type: one.type, token: one.token })),
      };
    });
    return this.orderStatus(order, { state: 'pending', url: `${origin}/order/${name}`, authorizations });
  }

  async orderStatus({ metadata }: Order, status: OrderStatus): Promise<Order> {
    const { name = '' } = metadata ?? {};
    const written = await this.world.user.patch<Order>(
      orders,
      { namespace, name },
      'merge',
      { status },
      {
        fieldManager: 'test',
        subresource: 'status',
      },
    );
    await this.world.settle();
    return written;
  }

  /** What the Order controller would make for one name of an Order. */
  spec(order: Order, dnsName: string, type: ChallengeType = 'HTTP-01', solver?: SolverSpec): ChallengeSpec {
    const bare = dnsName.replace(/^\*\./u, '');
    const wildcard = bare !== dnsName;
    const authorization = this.ca.authorizations.get(`${origin}/authz/${bare}${wildcard ? '-wild' : ''}`)!;
    const offer = authorization.challenges.find((one) => one.type === types[type as keyof typeof types])!;
    const key = `${offer.token}.${this.#thumbprint}`;
    return {
      url: offer.url,
      authorizationURL: authorization.url,
      dnsName: bare,
      wildcard,
      type,
      token: offer.token,
      key: type === 'DNS-01' ? dns01Value(key) : key,
      solver: solver ?? (type === 'DNS-01' ? dns01 : http01),
      issuerRef: order.spec.issuerRef,
    };
  }

  async challenge(
    order: Order,
    spec: ChallengeSpec,
    metadata: { name?: string; ownerReferences?: OwnerReference[]; finalizers?: string[] } = {},
  ): Promise<string> {
    const name = metadata.name ?? `${order.metadata?.name}-${spec.dnsName}-${spec.type.toLowerCase()}`;
    await this.world.user.create<Challenge>(
      challenges,
      {
        apiVersion: 'acme.cert-manager.io/v1',
        kind: 'Challenge',
        metadata: {
          namespace,
          ownerReferences: [ownedBy(order, 'acme.cert-manager.io/v1', 'Order')],
          ...metadata,
          name,
        },
        spec,
      },
      { fieldManager: 'test' },
    );
    await this.world.settle();
    return name;
  }

  /** Order and Challenge in one: the name is the Challenge's. */
  async prove(
    name: string,
    dnsName = `${name}.example.com`,
    type: ChallengeType = 'HTTP-01',
  ): Promise<string> {
    const order = await this.order(name, [dnsName]);
    return this.challenge(order, this.spec(order, dnsName, type), { name });
  }

  get(name: string): Promise<Challenge> {
    return this.world.user.get<Challenge>(challenges, { namespace, name });
  }

  async find(name: string): Promise<Challenge | undefined> {
    return this.get(name).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    });
  }

  async delete(name: string): Promise<void> {
    await this.world.user.delete(challenges, { namespace, name });
    await this.world.settle();
  }
}

export function ownedBy(
  { metadata }: { metadata?: { name?: string; uid?: string } },
  apiVersion: string,
  kind: string,
): OwnerReference {
  const { name = '', uid = '' } = metadata ?? {};
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
