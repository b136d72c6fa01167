/** Challenges, their controller, and a world around it in which a seed decides what happens next. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AcmeAuthorization, AcmeClient } from '../../acme/acme-client.ts';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Challenge } from '../../api/challenge.ts';
import { controllingOwner } from '../../api/controlling-owner.ts';
import type { ClusterIssuer } from '../../api/issuer.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Order } from '../../api/order.ts';
import { trimOrder, type OrderFacts } from '../../issuers/acme/order-facts.ts';
import { cacheKey } from '../../kube/cache.ts';
import { ConflictError, NotFoundError } from '../../kube/errors.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { seededRandom } from '../../kube/testing/seeded-random.ts';
import type { Solver, SolverContext } from '../../solvers/solver.ts';
import { startChallengeController } from '../challenge/controller.ts';
import { defaultControllerOptions, issuerIndexKey, type ControllerContext } from '../context.ts';
import { unobserved } from '../observer.ts';
import { SimulatedCache } from './simulated-cache.ts';
import { simulatedOrder, ways } from './simulated-order.ts';

const hour = 3_600_000;
const begin = Date.parse('2026-11-22T10:00:00Z');
const silent = (): void => undefined;
const issuers = ['ingress-a', 'ingress-b', 'listener-a', 'dns-a'] as const;
type IssuerName = (typeof issuers)[number];

interface Living {
  challenge: Challenge;
  finalizers: string[];
}

export class ChallengeSimulation {
  proven = 0;
  readonly #clock = createFakeClock(begin, () => this.#flush());
  readonly #max: number;
  readonly #next: () => number;
  #calm = false;
  #version = 10;
  #names = 0;
  readonly #abort = new AbortController();
  /** What the API server holds, and what its watch has not told yet. */
  readonly #living = new Map<string, Living>();
  #untold: { isDeleted: boolean; object: Challenge }[] = [];
  /** Answers on their way. */
  readonly #answers: (() => void)[] = [];
  readonly #orders: SimulatedCache<OrderFacts>;
  readonly #challenges: SimulatedCache<Challenge>;
  readonly #issuers: SimulatedCache<ClusterIssuer>;
  /** By UID: whose answers are in place, and whose could not be taken away once. */
  readonly #placed = new Map<string, string>();
  readonly #doubtful = new Set<string>();
  readonly #decided = new Map<string, AcmeAuthorization['status']>();
  readonly #stopped: Promise<void>;

  constructor(seed: number, max: number) {
    this.#next = seededRandom(seed);
    this.#max = max;
    const owner = ({ metadata }: KubeObject): string[] => [
      cacheKey(metadata?.namespace, controllingOwner(metadata)?.uid ?? ''),
    ];
    const issuer = ({ metadata, spec }: OrderFacts | Challenge): string[] => [
      issuerIndexKey(metadata?.namespace ?? '', spec.issuerRef),
    ];
    this.#orders = new SimulatedCache(trimOrder, {});
    this.#challenges = new SimulatedCache((object) => object as Challenge, { owner, issuer });
    this.#issuers = new SimulatedCache((object) => object as ClusterIssuer, {});
    for (const name of issuers) this.#makeIssuer(name);
    const solver: Solver = {
      present: (context) => this.#slowly(() => this.#present(context), context.signal),
      check: () => this.#slowly(() => ({ passed: this.#lucky(), views: [], problem: 'nothing there' })),
      cleanUp: (context) => this.#slowly(() => this.#cleanUp(context), context.signal),
    };
    const none = { get: silent, values: () => [].values(), onChange: silent, byIndex: () => [] };
    const context = {
      client: {
        get: (type: { plural: string }, key: { namespace: string; name: string }) =>
          this.#slowly(() => this.#get(type.plural, cacheKey(key.namespace, key.name))),
        patch: (_type: unknown, key: { namespace: string; name: string }, _kind: string, body: Challenge) =>
          this.#slowly(() => this.#patch(cacheKey(key.namespace, key.name), body)),
        apply: (_type: unknown, object: Challenge) =>
          this.#slowly(() => {
            const key = cacheKey(object.metadata?.namespace, object.metadata?.name ?? '');
            return this.#patch(key, { metadata: object.metadata } as Challenge);
          }),
      },
      clock: this.#clock,
      random: this.#next,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      options: defaultControllerOptions,
      events: { event: silent },
      observer: unobserved,
      synced: Promise.resolve(),
      acmeAccounts: { clientFor: () => Promise.resolve(this.#client()) },
      informers: {
        challenges: this.#challenges,
        orders: this.#orders,
        clusterIssuers: this.#issuers,
        issuers: none,
        secrets: none,
        otherSecrets: none,
        certificateRequests: {
          get: (key: string) => {
            const { metadata, spec } = this.#orders.get(key) ?? {};
            const request: Partial<CertificateRequest> = {
              metadata: { uid: `request-${metadata?.uid}` },
              spec: { issuerRef: spec?.issuerRef ?? { name: '' }, request: '' },
              status: { conditions: [{ type: 'Approved', status: 'True' }] },
            };
            return request;
          },
        },
      },
    } as unknown as ControllerContext;
    const { stopped } = startChallengeController(context, this.#abort.signal, {
      settings: {
        maxConcurrentChallenges: max,
        checkRetryMs: 10_000,
        ambient: { issuers: false, clusterIssuers: true },
      },
      solvers: () => ({ solvers: { for: () => solver }, informers: [] }),
    });
    this.#stopped = stopped;
  }

  /** One thing happens. */
  async step(): Promise<void> {
    const choice = this.#next();
    if (choice < 0.3) this.#tell();
    else if (choice < 0.65) this.#answers.splice(this.#below(this.#answers.length), 1)[0]?.();
    else if (choice < 0.8) await this.#clock.advance(this.#below(4) === 0 ? 40_000 : 1_500);
    else if (choice < 0.92) this.#create();
    else if (choice < 0.95) this.#delete();
    else if (choice < 0.96) this.#relist();
    else if (choice < 0.97) this.#changeIssuer();
    else if (choice < 0.98) this.#failOrder();
    else if (choice < 0.99) this.#touch();
    else this.#replace();
    await this.#flush();
  }

  /** From here on nothing fails any more, and every issuer is there. */
  calm(): void {
    this.#calm = true;
    for (const name of issuers) this.#makeIssuer(name);
  }

  async hour(): Promise<void> {
    for (let passed = 0; passed < hour; passed += 30_000) {
      for (let more = true; more;) {
        while (this.#untold.length > 0) this.#tell();
        for (const answer of this.#answers.splice(0)) answer();
        await this.#flush();
        more = this.#untold.length + this.#answers.length > 0;
      }
      await this.#clock.advance(30_000);
    }
  }

  /** Names of those that exist, could be proven, and are not. */
  unproven(): string[] {
    return [...this.#living.values()].flatMap(({ challenge: { metadata, status } }) => {
      const isOver = status?.state === 'valid' || this.#hasFailed(metadata?.name ?? '');
      return metadata?.deletionTimestamp === undefined && isOver ? [] : [metadata?.name ?? ''];
    });
  }

  get held(): number {
    return [...this.#living.values()].filter(({ challenge }) => challenge.status?.processing).length;
  }

  /** UIDs of those whose answers nobody has taken away. */
  get left(): string[] {
    return [...this.#placed.keys()];
  }

  check(): void {
    const living = new Set([...this.#living.values()].map(({ challenge }) => challenge.metadata?.uid));
    const working = [...this.#placed].filter(([uid]) => living.has(uid) && !this.#doubtful.has(uid));
    assert.ok(working.length <= this.#max, `${working.length} work, ${this.#max} may`);
    assert.ok(this.held <= this.#max, `${this.held} have a slot, ${this.#max} may`);
    const lanes = working.map(([, lane]) => lane);
    assert.equal(new Set(lanes).size, lanes.length, 'two work for one name');
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    for (let i = 0; i < 20; i++) {
      for (const answer of this.#answers.splice(0)) answer();
      await this.#flush();
    }
    await this.#stopped;
  }

  #below(count: number): number {
    return Math.floor(this.#next() * count);
  }
  #lucky(): boolean {
    return this.#calm || this.#next() < 0.8;
  }
  async #flush(): Promise<void> {
    for (let i = 0; i < 3; i++) await nextTurn();
  }

  /** Done when it is asked, or when its answer comes; the answer comes some time. */
  async #slowly<T>(task: () => T, signal?: AbortSignal): Promise<T> {
    const wait = (): Promise<void> => new Promise((resolve) => this.#answers.push(resolve));
    if (this.#next() < 0.5) await wait();
    signal?.throwIfAborted();
    const result = task();
    await wait();
    return result;
  }

  #client(): AcmeClient {
    const client: Partial<AcmeClient> = {
      thumbprint: 't',
      keyAuthorization: (token) => `${token}.t`,
      authorization: (url) => this.#slowly(() => this.#authorization(url)),
      acceptChallenge: (url) =>
        this.#slowly(() => {
          const at = url.replace('/challenge/', '/authz/');
          if (this.#lucky()) this.#decided.set(at, 'valid');
          return this.#authorization(at).challenges[0]!;
        }),
    };
    return client as AcmeClient;
  }
  #authorization(url: string): AcmeAuthorization {
    const status = this.#decided.get(url) ?? (this.#calm ? 'valid' : 'pending');
    const challenge = { url: url.replace('/authz/', '/challenge/'), type: 'http-01', token: 'token', status };
    const [name = ''] = url.split('/').slice(-1);
    return {
      url,
      identifier: { type: 'dns', value: name },
      status,
      wildcard: false,
      challenges: [challenge],
    } as unknown as AcmeAuthorization;
  }

  #present({ challenge: { metadata, spec } }: SolverContext): void {
    if (!this.#lucky()) throw new Error('the provider is away');
    this.#placed.set(metadata?.uid ?? '', `${spec.dnsName} ${spec.type}`);
    this.#doubtful.delete(metadata?.uid ?? '');
  }
  #cleanUp({ challenge: { metadata, spec } }: SolverContext): void {
    const uid = metadata?.uid ?? '';
    this.#doubtful.add(uid);
    if (spec.solver.http01?.listener === undefined && !this.#lucky()) throw new Error('the provider is away');
    this.#placed.delete(uid);
  }

  #get(plural: string, key: string): KubeObject {
    const found = plural === 'orders' ? this.#orders.get(key) : this.#living.get(key)?.challenge;
    if (found === undefined) throw new NotFoundError(`${plural} ${key} not found`);
    return structuredClone(found);
  }

  #patch(key: string, { metadata, status }: Challenge): Challenge {
    const found = this.#living.get(key);
    if (found === undefined) throw new NotFoundError(`${key} not found`);
    const { uid, resourceVersion } = found.challenge.metadata ?? {};
    const isOld = metadata?.resourceVersion !== undefined && metadata.resourceVersion !== resourceVersion;
    if (metadata?.uid !== uid || isOld) throw new ConflictError(`${key} was changed`);
    if (status !== undefined && !this.#lucky()) throw new Error('etcd has no leader');
    if (metadata?.finalizers !== undefined) found.finalizers = metadata.finalizers ?? [];
    const before: Record<string, unknown> = { ...found.challenge.status };
    for (const [field, value] of Object.entries(status ?? {}))
      if (value === null) delete before[field];
      else before[field] = value;
    if (before['state'] === 'valid' && found.challenge.status?.state !== 'valid') this.proven++;
    return this.#store(key, { ...found.challenge, status: before });
  }

  #store(key: string, challenge: Challenge): Challenge {
    const living = this.#living.get(key) ?? { challenge, finalizers: [] };
    const resourceVersion = String(++this.#version);
    const { finalizers: _old, ...metadata } = challenge.metadata ?? {};
    const { finalizers } = living;
    const more = finalizers.length > 0 ? { finalizers } : {};
    living.challenge = { ...challenge, metadata: { ...metadata, ...more, resourceVersion } };
    const isGone = metadata.deletionTimestamp !== undefined && finalizers.length === 0;
    if (isGone) this.#living.delete(key);
    else this.#living.set(key, living);
    this.#untold.push({ isDeleted: isGone, object: living.challenge });
    return structuredClone(living.challenge);
  }

  #tell(): void {
    const event = this.#untold.shift();
    // A watch that was begun again tells some things twice.
    if (event === undefined) return;
    for (let times = this.#below(5) === 0 ? 2 : 1; times > 0; times--)
      this.#challenges.event(event.isDeleted, structuredClone(event.object));
  }

  /** The watch was lost: all at once, and who is gone is not told of. */
  #relist(): void {
    this.#untold = [];
    const now = [...this.#living.values()].map(({ challenge }) => structuredClone(challenge));
    this.#challenges.list(now, this.#version);
  }

  #create(name = `c${this.#names++}`): void {
    const issuer = issuers[this.#below(issuers.length)]!;
    const dnsName = `n${this.#below(12)}.example${this.#below(2)}.com`;
    const issuerRef = { name: issuer, kind: 'ClusterIssuer' };
    const [url, authorizationURL] = [`https://ca/challenge/${name}`, `https://ca/authz/${name}`];
    this.#decided.delete(authorizationURL);
    const wish = { name, way: wayOf(issuer), dnsName, issuerRef, url, authorizationURL };
    const { order, challenge } = simulatedOrder(wish, this.#version, this.#clock.now());
    this.#version += 2;
    this.#orders.event(false, order);
    this.#store(`shop/${name}`, challenge);
  }

  #any(): [string, Living] | undefined {
    return [...this.#living][this.#below(this.#living.size)];
  }
  #delete(): string | undefined {
    const [key, living] = this.#any() ?? [];
    if (key === undefined || living === undefined) return undefined;
    const { challenge } = living;
    const deletionTimestamp = new Date(this.#clock.now()).toISOString();
    this.#store(key, { ...challenge, metadata: { ...challenge.metadata, deletionTimestamp } });
    return key;
  }
  /** Another one of its name, at once. */
  #replace(): void {
    const key = this.#delete();
    if (key !== undefined && !this.#living.has(key)) this.#create(key.split('/')[1]);
  }
  /** Somebody else writes to it. */
  #touch(): void {
    const [key, living] = this.#any() ?? [];
    if (key === undefined || living === undefined) return;
    const { challenge } = living;
    const status = { ...challenge.status, reason: `seen ${this.#version}` };
    const labels = { seen: String(this.#version) };
    const isStatus = this.#below(2) === 0;
    this.#store(
      key,
      isStatus ? { ...challenge, status } : { ...challenge, metadata: { ...challenge.metadata, labels } },
    );
  }
  #failOrder(): void {
    const [key] = this.#any() ?? [];
    const order = key === undefined ? undefined : this.#orders.get(key);
    if (order === undefined) return;
    const metadata = { ...order.metadata, resourceVersion: String(++this.#version) };
    const failed: Order = { ...order, metadata, status: { ...order.status, state: 'invalid' } };
    this.#orders.event(false, failed);
  }
  #hasFailed(name: string): boolean {
    return this.#orders.get(`shop/${name}`)?.status?.state === 'invalid';
  }

  #changeIssuer(): void {
    const name = issuers[this.#below(issuers.length)]!;
    const found = this.#issuers.get(name);
    if (found === undefined) return this.#makeIssuer(name);
    this.#issuers.event(true, { ...found, metadata: { name, resourceVersion: String(++this.#version) } });
  }
  #makeIssuer(name: IssuerName): void {
    const issuer: ClusterIssuer = {
      metadata: { name, uid: name, resourceVersion: String(++this.#version) },
      spec: {
        acme: {
          server: 'https://ca/directory',
          privateKeySecretRef: { name },
          solvers: [ways[wayOf(name)]],
        },
      },
    };
    this.#issuers.event(false, issuer);
  }
}

function wayOf(issuer: string): keyof typeof ways {
  return issuer.split('-')[0] as keyof typeof ways;
}
