/** The HTTP-01 solver against an API server and real listeners: names and addresses are dialled to sockets of this process. */
import { controllingOwner } from '../../../src/api/controlling-owner.ts';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Challenge } from '../../../src/api/challenge.ts';
import { ingresses } from '../../../src/api/networking.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { challenges, type ResourceType } from '../../../src/api/resources.ts';
import { httpRoutes } from '../../../src/api/routes.ts';
import type { Http01Solver } from '../../../src/api/solver-http01.ts';
import { endpointSlices, pods, services } from '../../../src/api/workloads.ts';
import type { DnsResolver } from '../../../src/dns/resolver.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { systemClock } from '../../../src/kube/clock.ts';
import { createInformer } from '../../../src/kube/informer.ts';
import type { Destination, Http01Deps } from '../../../src/solvers/http01/http01-deps.ts';
import { createHttp01Solver } from '../../../src/solvers/http01/http01-solver.ts';
import { createSolverCaches, type SolverCaches } from '../../../src/solvers/http01/solver-caches.ts';
import { Responder } from '../../../src/solvers/responder/responder.ts';
import {
  defaultAcmeSettings,
  type AcmeSettings,
  type Http01Settings,
} from '../../../src/solvers/settings.ts';
import type { CheckResult, Solver } from '../../../src/solvers/solver.ts';
import { openApi, type ApiUnderTest } from '../../servers/api-under-test.ts';
import { gatewayDefinition, httpRouteDefinition } from './gateway-definitions.ts';

export const namespace = 'shop';
export const token = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA';
export const key = `${token}.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI`;
const silent = (): void => undefined;

export interface Http01WorldOptions {
  http01?: Partial<Http01Settings>;
  settings?: Partial<AcmeSettings>;
  deps?: Partial<Http01Deps>;
}

export class Http01World {
  /** `create pods`, `get ingresses` and so on, in order; watches are no requests of a challenge. */
  readonly calls: string[] = [];
  /** Addresses by name. */
  readonly names = new Map<string, readonly string[]>();
  readonly #sockets = new Map<string, number>();
  readonly user: KubeClient;
  readonly responder: Responder;
  readonly caches: SolverCaches;
  readonly #options: Http01WorldOptions;
  readonly #counted: KubeClient;
  readonly #t: TestContext;

  private constructor(t: TestContext, api: ApiUnderTest, options: Http01WorldOptions, stop: AbortSignal) {
    this.#t = t;
    this.#options = options;
    this.user = api.client();
    this.#counted = counted(api.client(), this.calls);
    const watching = api.client();
    this.caches = createSolverCaches(
      (type, watch) => createInformer(watching, type, watch, { clock: systemClock, random: () => 0.5 }),
      { gatewayApi: true },
    );
    this.caches.start(stop);
    this.responder = new Responder({
      settings: { http01: { host: '127.0.0.1', port: 0 } },
      names: {
        http01: '--acme-http01-listen',
        tlsAlpn01: '--acme-tls-alpn-listen',
        webroot: '--acme-webroot',
      },
      always: { http01: true, tlsAlpn01: false },
      clock: systemClock,
      log: { debug: silent, info: silent, warn: silent, error: silent },
    });
  }

  static async start(t: TestContext, options: Http01WorldOptions = {}): Promise<Http01World> {
    const stop = new AbortController();
    const api = await openApi({
      dataDir: ':memory:',
      fresh: true,
      crds: [gatewayDefinition, httpRouteDefinition],
      namespaces: [namespace],
      now: () => Date.now(),
    });
    const world = new Http01World(t, api, options, stop.signal);
    // On a cluster, an earlier world's are only on their way to be collected.
    for (const { metadata } of await world.list(httpRoutes))
      await world.user.delete(httpRoutes, { namespace, name: metadata?.name ?? '' });
    await world.responder.start();
    t.after(async () => {
      stop.abort();
      await world.responder.close();
      await api.close();
    });
    await world.synced();
    return world;
  }

  /** As a process that has just started has it: nothing remembered. */
  solver(more: Partial<Http01Deps> = {}): Solver {
    const { http01, settings, deps } = this.#options;
    return createHttp01Solver({
      client: this.#counted,
      clock: systemClock,
      random: () => 0.5,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      settings: {
        ...defaultAcmeSettings,
        ...settings,
        http01: {
          ...defaultAcmeSettings.http01,
          pod: { ...defaultAcmeSettings.http01.pod, image: 'example.test/acmesolver:1' },
          gatewayApi: true,
          ...http01,
        },
      },
      environment: {},
      responder: this.responder,
      caches: this.caches,
      resolver: this.#resolver,
      userAgent: 'cert-manager-challenges/test',
      lookup: (host) => this.#lookup(host),
      dial: (at) => this.#dial(at),
      pod: { name: 'certwright-0', namespace: 'cert-manager', ips: ['10.244.0.9'] },
      ...deps,
      ...more,
    });
  }

  async challenge(http01: Http01Solver, more: Partial<Challenge['spec']> = {}): Promise<Challenge> {
    return this.user.create<Challenge>(challenges, challengeOf(http01, more), { fieldManager: 'test' });
  }

  /** What there is of one kind in the namespace. */
  async list<T extends KubeObject>(type: ResourceType): Promise<T[]> {
    return (await this.user.list<T>(type, { namespace })).items;
  }

  /** Nothing that a solver makes. A cluster's own slices of a solver's Service are its own to take away. */
  async left(): Promise<string[]> {
    const kinds = [pods, services, endpointSlices, ingresses, httpRoutes];
    const found = await Promise.all(kinds.map((kind) => this.list(kind)));
    return found
      .flat()
      .filter((object) => controllingOwner(object.metadata)?.kind === 'Challenge')
      .map(({ kind, metadata }) => `${kind} ${metadata?.name}`);
  }

  /** Whoever asks this address and port is answered so. */
  async serve(address: string, port: number, answer: RequestListener): Promise<void> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    this.leadTo(address, port, (server.address() as AddressInfo).port);
  }

  leadTo(address: string, port: number, listening: number): void {
    this.#sockets.set(`${address} ${port}`, listening);
  }

  /** The caches hold what the server holds. */
  async synced(): Promise<void> {
    for (const kind of [pods, services, endpointSlices, ingresses, httpRoutes]) {
      const cache = {
        pods: this.caches.pods,
        services: this.caches.services,
        endpointslices: this.caches.endpointSlices,
        ingresses: this.caches.ingresses,
        httproutes: this.caches.httpRoutes,
      }[kind.plural]!;
      for (;;) {
        const { items } = await this.user.list(kind, {
          namespace,
          labelSelector: 'acme.cert-manager.io/http01-solver=true',
        });
        const known = items.every(({ metadata }) => {
          const held = cache.get(`${metadata?.namespace}/${metadata?.name}`);
          return held?.metadata?.resourceVersion === metadata?.resourceVersion;
        });
        if (cache.synced && known && cache.size === items.length) break;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
    this.calls.length = 0;
  }

  /** A port that nobody listens on refuses. */
  #dial({ address, port }: Destination): Destination {
    const own = this.responder.http01Address;
    if (address === '127.0.0.1' && port === own?.port) return { address, port };
    return { address: '127.0.0.1', port: this.#sockets.get(`${address} ${port}`) ?? 1 };
  }

  async #lookup(host: string): Promise<readonly string[]> {
    const found = this.names.get(host);
    if (found === undefined) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    return found;
  }

  /** The public resolver knows names with `public:` before them. */
  readonly #resolver: DnsResolver = {
    query: (name, type, { servers }) => {
      const addresses = this.names.get(`public:${name.replace(/\.$/, '')}`) ?? [];
      return Promise.resolve({
        server: servers[0] ?? '',
        rcode: addresses.length === 0 ? 'NXDOMAIN' : 'NOERROR',
        authoritative: false,
        authorities: [],
        answers: addresses
          .filter((address) => address.includes(':') === (type === 'AAAA'))
          .map((address) => ({ type: type === 'AAAA' ? 'AAAA' : 'A', name, ttl: 1, address })),
      });
    },
  };
}

export function challengeOf(http01: Http01Solver, more: Partial<Challenge['spec']> = {}): Challenge {
  return {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    metadata: { name: `web-${more.token ?? 'a'}`.toLowerCase(), namespace },
    spec: {
      url: 'https://ca.example/chall/1',
      authorizationURL: 'https://ca.example/authz/1',
      dnsName: 'www.example.com',
      type: 'HTTP-01',
      token,
      key,
      solver: { http01 },
      issuerRef: { name: 'acme', kind: 'ClusterIssuer', group: 'cert-manager.io' },
      ...more,
    },
  };
}

/** Answers the challenge of these tests, and 404 to the rest. */
export const answers: RequestListener = (request, response) => {
  const right = request.url === `/.well-known/acme-challenge/${token}`;
  response.writeHead(right ? 200 : 404).end(right ? key : 'no');
};

export const with404: RequestListener = (_request, response) =>
  void response.writeHead(404).end('nothing here');

export function view(result: CheckResult, name: string): CheckResult['views'][number] | undefined {
  return result.views.find((one) => one.view === name);
}

export function sorted(texts: readonly string[]): string[] {
  return texts.toSorted((a, b) => (a < b ? -1 : 1));
}

function counted(client: KubeClient, calls: string[]): KubeClient {
  const note = (verb: string, { plural }: ResourceType): void => void calls.push(`${verb} ${plural}`);
  return {
    get: (type, ...more) => (note('get', type), client.get(type, ...more)),
    list: (type, ...more) => (note('list', type), client.list(type, ...more)),
    watch: (type, ...more) => client.watch(type, ...more),
    create: (type, ...more) => (note('create', type), client.create(type, ...more)),
    update: (type, ...more) => (note('update', type), client.update(type, ...more)),
    patch: (type, ...more) => (note('patch', type), client.patch(type, ...more)),
    apply: (type, ...more) => (note('apply', type), client.apply(type, ...more)),
    delete: (type, ...more) => (note('delete', type), client.delete(type, ...more)),
  };
}
