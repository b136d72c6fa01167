/** An API server and the controllers in one process, on a clock that tests move, with every write on record. */
import { createHook, type AsyncHook } from 'node:async_hooks';
import type { KubeObject } from '../../src/api/meta.ts';
import type { ResourceType } from '../../src/api/resources.ts';
import type { Log, SharedInformers } from '../../src/controllers/context.ts';
import { startControllers, type Controllers } from '../../src/controllers/manager.ts';
import { createIssuerTypes } from '../../src/issuers/registry.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { createFakeClock, type FakeClock } from '../../src/kube/testing/fake-clock.ts';
import { CallCounter } from '../embedded/call-counter.ts';
import { openApi, type ApiUnderTest } from '../servers/api-under-test.ts';
import { onEveryChange } from '../servers/caught-up.ts';
import { typeOf } from '../servers/load-objects.ts';

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
  /** Changes that reached a cache. */
  #heard = 0;
  #api: ApiUnderTest | undefined;
  #opened = false;
  /** While the controllers keep them up to date. */
  #caches: SharedInformers | undefined;
  #controllers: Controllers | undefined;

  constructor(startMs: number, dataDir = ':memory:') {
    this.clock = createFakeClock(startMs, () => this.settle());
    this.#dataDir = dataDir;
  }

  get #server(): ApiUnderTest {
    if (this.#api === undefined) throw new Error('the server is not open');
    return this.#api;
  }

  get controllers(): Controllers {
    if (this.#controllers === undefined) throw new Error('the controllers are not running');
    return this.#controllers;
  }

  async open(): Promise<void> {
    this.#jobs.start();
    this.#api = await openApi({
      dataDir: this.#dataDir,
      fresh: !this.#opened,
      namespaces,
      now: () => this.clock.now(),
    });
    this.#opened = true;
  }

  /** For the test itself: what it writes is not on record. */
  client(): KubeClient {
    return this.#server.client();
  }

  /** Objects as somebody left them. Answers the uid that each has now by the uid that it came with. */
  load(objects: readonly KubeObject[]): Promise<Map<string, string>> {
    return this.#server.load(objects);
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
    onEveryChange(this.#controllers.informers, () => this.#heard++);
    await this.#controllers.synced;
    this.#caches = this.#controllers.informers;
    await this.settle();
  }

  async stop(): Promise<void> {
    this.#caches = undefined;
    await this.#controllers?.stop();
    this.#controllers = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#api?.close();
    this.#api = undefined;
    this.#jobs.stop();
  }

  /** Until nothing is under way, and the server and the caches have nothing to tell that was not heard. */
  async settle(): Promise<void> {
    for (let waited = true; waited;) {
      await this.#quiet();
      const before = this.#activity;
      waited = (await this.#api?.settled(this.#caches)) === true || this.#activity !== before;
    }
  }

  get #activity(): number {
    return this.#calls.changes + this.#heard;
  }

  /** Until no request, no crypto and no consequence of them has been under way for some turns of the event loop. */
  async #quiet(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns;) {
      const before = this.#activity;
      await new Promise((resolve) => setTimeout(resolve, 1));
      const busy = this.#activity !== before || this.#calls.inFlight > 0 || !this.#jobs.idle;
      quiet = busy ? 0 : quiet + 1;
    }
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
    for (const object of objects)
      await client.create(typeOf(object), object, { fieldManager: 'kubectl-client-side-apply' });
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
