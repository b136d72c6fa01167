/** The embedded server and the controllers in one process, on a clock that tests move, with every write on record. */
import { createHook, type AsyncHook } from 'node:async_hooks';
import { createAdmission } from '../../src/admission/create-admission.ts';
import { crds } from '../../src/api/crds.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import * as resources from '../../src/api/resources.ts';
import type { ResourceType } from '../../src/api/resources.ts';
import type { Log } from '../../src/controllers/context.ts';
import { startControllers, type Controllers } from '../../src/controllers/manager.ts';
import { createIssuerTypes } from '../../src/issuers/registry.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { createFakeClock, type FakeClock } from '../../src/kube/testing/fake-clock.ts';
import { createServer, type EmbeddedServer } from '../../src/standalone/server.ts';
import { CallCounter } from '../embedded/call-counter.ts';

const namespaces = ['cert-manager', 'shop'];
const quietTurns = 8;
const cryptoJob = /^(KEYPAIRGEN|KEYGEN|SIGN|PBKDF2|SCRYPT|DERIVEBITS)\w*REQUEST$/;

/** Crypto in the thread pool (keys, RSA signatures), which no turn of the event loop waits for. */
class Jobs {
  readonly #pending = new Map<number, object>();
  readonly #hook: AsyncHook = createHook({
    init: (id, type, _trigger, resource) => void (cryptoJob.test(type) && this.#pending.set(id, resource)),
    after: (id) => void this.#pending.delete(id),
    destroy: (id) => void this.#pending.delete(id),
  });
  start(): void {
    this.#hook.enable();
  }
  stop(): void {
    this.#hook.disable();
  }
  get idle(): boolean {
    // Synchronous jobs are of the same types; only the others have a callback.
    for (const [id, job] of this.#pending) if (!('ondone' in job)) this.#pending.delete(id);
    return this.#pending.size === 0;
  }
}

export class CompatWorld {
  readonly clock: FakeClock;
  /** `verb Kind namespace/name[/status]` of every write of the controllers, events apart. */
  readonly writes: string[] = [];
  readonly problems: string[] = [];
  readonly #dataDir: string;
  readonly #jobs = new Jobs();
  readonly #calls = new CallCounter();
  #server: EmbeddedServer | undefined;
  #controllers: Controllers | undefined;

  constructor(startMs: number, dataDir = ':memory:') {
    this.clock = createFakeClock(startMs, () => this.settle());
    this.#dataDir = dataDir;
  }

  get server(): EmbeddedServer {
    if (this.#server === undefined) throw new Error('the server is not open');
    return this.#server;
  }

  get controllers(): Controllers {
    if (this.#controllers === undefined) throw new Error('the controllers are not running');
    return this.#controllers;
  }

  async open(): Promise<void> {
    this.#jobs.start();
    this.#server = await createServer({
      dataDir: this.#dataDir,
      admission: createAdmission({}),
      crds,
      namespaces,
      now: () => this.clock.now(),
    });
  }

  /** For the test itself: what it writes is not on record. The transport's own deadlines stay on the machine's clock. */
  client(): KubeClient {
    const connection = { baseUrl: 'http://embedded', clock: systemClock, random: () => 0.5 };
    return createKubeClient({ ...connection, dispatcher: this.server.dispatcher() });
  }

  async start(): Promise<void> {
    const silent = (): void => undefined;
    const problem: Log['error'] = (fields, message) =>
      void this.problems.push(`${message} ${'err' in fields ? String(fields.err) : ''}`);
    this.#controllers = startControllers({
      client: this.#recorded(this.client()),
      clock: this.clock,
      random: () => 0.5,
      log: { debug: silent, info: silent, warn: silent, error: problem },
      issuerTypes: createIssuerTypes(),
      options: { clusterResourceNamespace: 'cert-manager' },
    });
    await this.#controllers.synced;
    await this.settle();
  }

  async stop(): Promise<void> {
    await this.#controllers?.stop();
    this.#controllers = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#server?.close();
    this.#server = undefined;
    this.#jobs.stop();
  }

  /** Until no request, no crypto and no consequence of them has been under way for some turns of the event loop. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns;) {
      const before = this.#calls.changes;
      await new Promise((resolve) => setTimeout(resolve, 1));
      const busy = this.#calls.changes !== before || this.#calls.inFlight > 0 || !this.#jobs.idle;
      quiet = busy ? 0 : quiet + 1;
    }
    await this.#server?.settled();
  }

  async all<T extends KubeObject>(type: ResourceType): Promise<T[]> {
    return (await this.client().list<T>(type)).items;
  }

  async get<T extends KubeObject>(type: ResourceType, namespace: string, name: string): Promise<T> {
    return this.client().get<T>(type, { namespace, name });
  }

  /** Applies as `kubectl apply` (client-side) does the first time. */
  async apply(objects: readonly KubeObject[]): Promise<void> {
    const client = this.client();
    for (const object of objects) {
      const type = Object.values(resources).find(
        (one): one is ResourceType =>
          typeof one === 'object' && 'kind' in one && one.kind === object.kind && 'plural' in one,
      );
      if (type === undefined) throw new Error(`no kind ${object.kind}`);
      await client.create(type, object, { fieldManager: 'kubectl-client-side-apply' });
    }
  }

  #recorded(client: KubeClient): KubeClient {
    const counted = this.#calls.counted(client);
    const note = (
      verb: string,
      type: ResourceType,
      at: { namespace?: string; name?: string },
      sub?: string,
    ) => {
      if (type.kind === 'Event') return;
      const where = [at.namespace, at.name, sub].filter((part) => part !== undefined).join('/');
      this.writes.push(`${verb} ${type.kind} ${where}`);
    };
    return {
      ...counted,
      create: (type, object, options) => {
        note(
          'create',
          type,
          { name: object.metadata?.generateName, ...object.metadata },
          options.subresource,
        );
        return counted.create(type, object, options);
      },
      update: (type, object, options) => {
        note('update', type, object.metadata ?? {}, options.subresource);
        return counted.update(type, object, options);
      },
      patch: (type, key, kind, patch, options) => {
        note('patch', type, key, options.subresource);
        return counted.patch(type, key, kind, patch, options);
      },
      apply: (type, object, options) => {
        note('apply', type, object.metadata ?? {}, options.subresource);
        return counted.apply(type, object, options);
      },
      delete: (type, key, options) => {
        note('delete', type, key);
        return counted.delete(type, key, options);
      },
    };
  }
}
