/** Server, controllers and a user in one process over a real data folder: may be stopped, killed between writes and started again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createAdmission } from '../../src/admission/create-admission.ts';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Certificate, CertificateSpec } from '../../src/api/certificate.ts';
import type { Event, Secret } from '../../src/api/core.ts';
import { crds } from '../../src/api/crds.ts';
import type { Condition, KubeObject } from '../../src/api/meta.ts';
import {
  certificateRequests,
  certificates,
  clusterIssuers,
  events,
  secrets,
} from '../../src/api/resources.ts';
import type { ControllerOptions } from '../../src/controllers/context.ts';
import { startControllers, type Controllers } from '../../src/controllers/manager.ts';
import { createIssuerTypes } from '../../src/issuers/registry.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { createFakeClock, type FakeClock } from '../../src/kube/testing/fake-clock.ts';
import { generateKey } from '../../src/pki/keys.ts';
import { createServer, type EmbeddedServer } from '../../src/standalone/server.ts';
import { MortalClient } from './mortal-client.ts';

export const epoch = Date.parse('2026-01-01T00:00:00Z');
export const hour = 3_600_000;
export const namespace = 'shop';

const silent = (): void => undefined;

export interface WorldOptions {
  controllers?: Partial<ControllerOptions>;
  /** Definitions beside our own. */
  crds?: readonly KubeObject[];
}

export class StandaloneWorld {
  readonly clock: FakeClock = createFakeClock(epoch, () => this.settle());
  readonly problems: { message: string; fields: object }[] = [];
  readonly #options: WorldOptions;
  readonly #dataDir: string;
  #server: EmbeddedServer | undefined;
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
  get server(): EmbeddedServer {
    return this.#server!;
  }

  async start(): Promise<void> {
    const { clock } = this;
    this.#server = await createServer({
      dataDir: this.#dataDir,
      crds: [...crds, ...(this.#options.crds ?? [])],
      namespaces: [namespace],
      admission: createAdmission(),
      now: () => clock.now(),
    });
    const client = (): KubeClient =>
      createKubeClient({
        baseUrl: 'http://embedded.invalid',
        dispatcher: this.#server!.dispatcher(),
        // The connection lives in real time: a jump over a year is no reason to give up on a request.
        clock: systemClock,
        random: () => 0.5,
      });
    this.#user = client();
    this.#ours = new MortalClient(client());
    this.#controllers = startControllers({
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
      issuerTypes: createIssuerTypes(),
    });
    await this.#controllers.synced;
    await this.settle();
  }

  /** As SIGTERM does it; after `ours.die()` what is left to stop is only memory. */
  async stop(): Promise<void> {
    await this.#controllers?.stop();
    this.#controllers = undefined;
    await this.#server?.close();
    this.#server = undefined;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /**
   * Waits until nothing was asked for a dozen ticks. A tick is a key of our own: made by the same threads as the keys
   * that the controllers may be waiting for, it takes as long as theirs however busy the machine is.
   */
  async settle(): Promise<void> {
    let before = -1;
    for (let quiet = 0; quiet < 12;) {
      await generateKey({ algorithm: 'ECDSA' });
      await new Promise((resolve) => setTimeout(resolve, 1));
      const now = this.#ours?.activity ?? 0;
      quiet = now === before && this.#ours?.pending === 0 ? quiet + 1 : 0;
      before = now;
    }
    await this.#server?.settled();
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

  /** `reason: message` of the events about an object, oldest first. */
  async told(kind: string, name: string): Promise<string[]> {
    const { items } = await this.user.list<Event>(events, { namespace });
    return items
      .filter(({ involvedObject }) => involvedObject.kind === kind && involvedObject.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`);
  }
}
