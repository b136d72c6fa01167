/** Server, controllers and a user in one process over a real data folder: may be stopped, killed between writes and started again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Certificate, CertificateSpec } from '../../src/api/certificate.ts';
import type { Event, Secret } from '../../src/api/core.ts';
import type { Condition, KubeObject } from '../../src/api/meta.ts';
import {
  certificateRequests,
  certificates,
  clusterIssuers,
  events,
  secrets,
} from '../../src/api/resources.ts';
import type { ControllerOptions, SharedInformers } from '../../src/controllers/context.ts';
import { startControllers, type Controllers } from '../../src/controllers/manager.ts';
import type { ControllerModule } from '../../src/controllers/module.ts';
import type { OpenAccount } from '../../src/issuers/acme/account-shelf.ts';
import { createIssuerTypes } from '../../src/issuers/registry.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { createFakeClock, type FakeClock } from '../../src/kube/testing/fake-clock.ts';
import { generateKey } from '../../src/pki/keys.ts';
import type { EmbeddedServer } from '../../src/standalone/server.ts';
import { openApi, type ApiUnderTest } from '../servers/api-under-test.ts';
import { onEveryChange } from '../servers/caught-up.ts';
import { MortalClient } from './mortal-client.ts';

export const epoch = Date.parse('2026-01-01T00:00:00Z');
export const hour = 3_600_000;
export const namespace = 'shop';

const silent = (): void => undefined;

export interface WorldOptions {
  controllers?: Partial<ControllerOptions>;
  /** Definitions beside our own. */
  crds?: readonly KubeObject[];
  /** Controllers beside those of Certificates, requests and issuers. */
  modules?: readonly ControllerModule[];
  /** Makes the clients of ACME accounts; absent: over the network. */
  openAccount?: OpenAccount;
  /** An embedded server without files: nothing outlives a restart, and no disk has a say in how long a test takes. */
  inMemory?: boolean;
}

export class StandaloneWorld {
  readonly clock: FakeClock = createFakeClock(epoch, () => this.settle());
  readonly problems: { message: string; fields: object }[] = [];
  readonly #options: WorldOptions;
  readonly #dataDir: string;
  #api: ApiUnderTest | undefined;
  #opened = false;
  /** While the controllers keep them up to date. */
  #caches: SharedInformers | undefined;
  /** Changes that reached a cache: each may be work. */
  #changes = 0;
  #user: KubeClient | undefined;
  #ours: MortalClient | undefined;
  #controllers: Controllers | undefined;

  private constructor(dataDir: string, options: WorldOptions) {
    this.#dataDir = dataDir;
    this.#options = options;
  }

  static async start(t: TestContext, options: WorldOptions = {}): Promise<StandaloneWorld> {
    const dataDir = mkdtempSync(join(tmpdir(), 'certwright-world-'));
    const world = new StandaloneWorld(dataDir, options);
    t.after(async () => {
      await world.stop();
      rmSync(dataDir, { recursive: true, force: true });
    });
    await world.start();
    return world;
  }

  /** What users and other controllers ask with. */
  get user(): KubeClient {
    return this.#user!;
  }
  /** What our controllers ask with: it can be made to die. */
  get ours(): MortalClient {
    return this.#ours!;
  }
  get controllers(): Controllers {
    return this.#controllers!;
  }

  /** For tests of the embedded server itself. @throws Error on the real one */
  get server(): EmbeddedServer {
    const server = this.#api?.embedded;
    if (server === undefined) throw new Error('this is not the embedded server');
    return server;
  }

  async start(): Promise<void> {
    const { clock } = this;
    this.#api = await openApi({
      dataDir: this.#options.inMemory === true ? ':memory:' : this.#dataDir,
      fresh: !this.#opened,
      crds: this.#options.crds,
      namespaces: [namespace],
      now: () => clock.now(),
    });
    this.#opened = true;
    this.#user = this.#api.client();
    this.#ours = new MortalClient(this.#api.client());
    const controllers = startControllers({
      client: this.#ours,
      clock,
      random: () => 0.5,
      log: {
        debug: silent,
        info: silent,
        warn: silent,
        error: (fields, message) => void this.problems.push({ fields, message }),
      },
      options: this.#options.controllers,
      modules: this.#options.modules,
      openAccount: this.#options.openAccount,
      issuerTypes: createIssuerTypes(),
    });
    const caches = controllers.informers;
    onEveryChange(caches, () => this.#changes++);
    this.#controllers = {
      ...controllers,
      stop: () => {
        this.#caches = undefined;
        return controllers.stop();
      },
    };
    await controllers.synced;
    this.#caches = caches;
    await this.settle();
  }

  /** As SIGTERM does it; after `ours.die()` what is left to stop is only memory. */
  async stop(): Promise<void> {
    await this.#controllers?.stop();
    this.#controllers = undefined;
    await this.#api?.close();
    this.#api = undefined;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Waits until nothing is under way, and the server and the caches have nothing to tell that was not heard. */
  async settle(): Promise<void> {
    for (let waited = true; waited;) {
      await this.#quiet();
      const before = this.#activity;
      waited = (await this.#api?.settled(this.#caches)) === true || this.#activity !== before;
    }
  }

  get #activity(): number {
    return (this.#ours?.activity ?? 0) + this.#changes;
  }

  /**
   * Waits until nothing was asked for a dozen ticks. A tick is a key of our own: made by the same threads as the keys
   * that the controllers may be waiting for, it takes as long as theirs however busy the machine is.
   */
  async #quiet(): Promise<void> {
    let before = -1;
    for (let quiet = 0; quiet < 12;) {
      await generateKey({ algorithm: 'ECDSA' });
      await new Promise((resolve) => setTimeout(resolve, 1));
      const now = this.#activity;
      quiet = now === before && this.#ours?.pending === 0 ? quiet + 1 : 0;
      before = now;
    }
  }

  /** Further kinds, for an issuer of somebody else. */
  async define(definitions: readonly KubeObject[]): Promise<void> {
    await this.#api?.define(definitions);
  }

  async certificate(name: string, spec: Partial<CertificateSpec>, metadata: object = {}): Promise<void> {
    const object: Certificate = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name, namespace, ...metadata },
      spec: {
        secretName: name,
        dnsNames: [`${name}.example.test`],
        privateKey: { algorithm: 'ECDSA', size: 256 },
        issuerRef: { name: 'selfsigned', kind: 'ClusterIssuer' },
        ...spec,
      },
    };
    await this.user.create(certificates, object, { fieldManager: 'test' });
    await this.settle();
  }

  async patchSpec(name: string, spec: object): Promise<void> {
    await this.user.patch(certificates, { namespace, name }, 'merge', { spec }, { fieldManager: 'test' });
    await this.settle();
  }

  async clusterIssuer(name: string, spec: object): Promise<void> {
    const object: KubeObject = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'ClusterIssuer',
      metadata: { name },
    };
    await this.user.create(clusterIssuers, { ...object, spec } as KubeObject, { fieldManager: 'test' });
    await this.settle();
  }

  get(name: string): Promise<Certificate> {
    return this.user.get<Certificate>(certificates, { namespace, name });
  }

  async condition(name: string, type: string): Promise<Condition | undefined> {
    return (await this.get(name)).status?.conditions?.find((one) => one.type === type);
  }

  async secret(name: string): Promise<Secret | undefined> {
    return this.user.get<Secret>(secrets, { namespace, name }).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    });
  }

  async requests(): Promise<CertificateRequest[]> {
    return (await this.user.list<CertificateRequest>(certificateRequests, { namespace })).items;
  }

  async nextKeys(): Promise<Secret[]> {
    const labelSelector = 'cert-manager.io/next-private-key=true';
    return (await this.user.list<Secret>(secrets, { namespace, labelSelector })).items;
  }

  /** `reason: message` of the events about an object in the last hour, oldest first: a real server forgets by its own clock. */
  async told(kind: string, name: string): Promise<string[]> {
    const { items } = await this.user.list<Event>(events, { namespace });
    return items
      .filter(({ involvedObject }) => involvedObject.kind === kind && involvedObject.name === name)
      .filter(({ lastTimestamp }) => Date.parse(lastTimestamp ?? '') > this.clock.now() - hour)
      .map(({ reason, message }) => `${reason}: ${message}`);
  }
}
