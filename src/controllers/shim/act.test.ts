/** What is sent to the API server for a decision, and what is not sent again. */
import { controllingOwner } from '../../api/controlling-owner.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from '../../api/certificate.ts';
import { certificates } from '../../api/resources.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Informer } from '../../kube/cache.ts';
import type { DeleteOptions, KubeClient, ObjectKey } from '../../kube/client.ts';
import { ForbiddenError } from '../../kube/errors.ts';
import { MemoryClient } from '../../kube/testing/memory-client.ts';
import type { SharedInformers } from '../context.ts';
import { act, type ActContext, type Outcome } from './act.ts';
import { decide, type ShimDecision } from './decide.ts';
import { defaultShimOptions } from './options.ts';
import { Restraint } from './restraint.ts';
import { ingress, issuerAnnotation, merged } from './sample-objects.ts';
import type { ShimObject } from './shim-object.ts';

const component = 'cert-manager-ingress-shim';
const tls = [{ hosts: ['web.example.com'], secretName: 'web-tls' }];
const at = { namespace: 'shop', name: 'web-tls' };
const byUser = { fieldManager: 'kubectl' };

class World {
  readonly client = new MemoryClient();
  readonly deletes: DeleteOptions[] = [];
  readonly events: string[] = [];
  readonly cache = new Map<string, Certificate>();
  gets = 0;
  now = 0;
  /** The cache holds what it is shown; a Certificate without a spec, for one, it cannot. */
  holds = true;
  readonly context: ActContext;

  constructor() {
    const { client } = this;
    const [get, patch] = [client.get.bind(client), client.patch.bind(client)];
    const spied: KubeClient = Object.assign(client, {
      get: (...asked: Parameters<typeof get>) => {
        this.gets++;
        return get(...asked);
      },
      patch: async (...[type, key, how, change, options]: Parameters<typeof patch>) =>
        patch(type, key, how, merged(await get(type, key), change), options).then((written) => {
          client.writes.at(-1)!.body = change;
          return written;
        }),
      delete: (_type: unknown, { namespace, name }: ObjectKey, options: DeleteOptions = {}) => {
        this.deletes.push(options);
        client.objects.delete(`certificates/${namespace}/${name}`);
        return Promise.resolve();
      },
    });
    const informer = {
      get: (key: string) => this.cache.get(key),
      observe: (object: KubeObject) => {
        if (this.holds) this.cache.set(`shop/${object.metadata?.name}`, object as Certificate);
      },
    } as unknown as Informer<Certificate>;
    const quiet = (): void => undefined;
    this.context = {
      client: spied,
      informers: { certificates: informer } as SharedInformers,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      component,
      options: defaultShimOptions,
      restraint: new Restraint({ now: () => this.now }),
      settled: new Map(),
      removed: new Map(),
      event: (_object, type, reason, message) => void this.events.push(`${type} ${reason} ${message}`),
    };
  }

  decide(object: ShimObject): ShimDecision {
    const facts = {
      object,
      certificate: (name: string) => this.cache.get(`shop/${name}`),
      owned: [...this.cache.values()].filter((one) => controllingOwner(one?.metadata)?.uid === object.uid),
    };
    return decide(facts, defaultShimOptions);
  }

  act(object: ShimObject, decision = this.decide(object)): Promise<Outcome> {
    return act(this.context, object, decision, new AbortController().signal);
  }

  async stored(): Promise<Certificate> {
    const found = this.client.objects.get('certificates/shop/web-tls');
    assert.ok(found !== undefined);
    return structuredClone(found) as Certificate;
  }
}

test('a Certificate that the cache cannot hold is not asked for without end', async () => {
  const it = new World();
  it.holds = false;
  await it.client.create(certificates, { metadata: at }, byUser);
  const web = ingress(tls);
  for (let turn = 0; turn < 3; turn++) assert.equal((await it.act(web)).again, true);
  const requests = it.gets;
  const outcome = await it.act(web);
  assert.deepEqual(outcome, { again: false, after: 5_000 });
  assert.equal(it.gets, requests);
  it.now = 5_000;
  assert.equal((await it.act(web)).again, true);
});

test('a Certificate goes by its uid, and once, however long the cache still has it', async () => {
  const it = new World();
  await it.act(ingress(tls));
  const { metadata, ...rest } = await it.stored();
  it.cache.set('shop/web-tls', { ...rest, metadata: { ...metadata, uid: 'one' } });
  await it.act(ingress([]));
  await it.act(ingress([]));
  assert.deepEqual(it.deletes, [{ preconditions: { uid: 'one' } }]);
  assert.equal(it.events.filter((event) => event.includes('DeleteCertificate')).length, 1);
  it.cache.set('shop/web-tls', { ...rest, metadata: { ...metadata, uid: 'two' } });
  await it.act(ingress([]));
  assert.deepEqual(it.deletes[1], { preconditions: { uid: 'two' } });
});

test('what differs is patched alone, and only of this very Certificate', async () => {
  const it = new World();
  await it.act(ingress(tls));
  const made = await it.stored();
  it.cache.set('shop/web-tls', { ...made, metadata: { ...made.metadata, uid: 'one' } });
  const more = [{ hosts: ['web.example.com', 'www.example.com'], secretName: 'web-tls' }];
  await it.act(ingress(more));
  assert.deepEqual(it.client.writes.at(-1)?.body, {
    spec: { dnsNames: ['web.example.com', 'www.example.com'] },
    metadata: { uid: 'one' },
  });
});

/** A Certificate with a duration that the Ingress does not speak of any more, last written by `manager`. */
async function withDuration(manager: string): Promise<World> {
  const it = new World();
  await it.act(ingress(tls));
  const made = await it.stored();
  const managedFields = [
    { manager, operation: 'Update' as const, fieldsV1: { 'f:spec': { 'f:duration': {} } } },
  ];
  const changed = {
    ...made,
    metadata: { ...made.metadata, uid: 'one', managedFields },
    spec: { ...made.spec, duration: '100h0m0s' },
  };
  await it.client.update(certificates, changed, byUser);
  it.cache.set('shop/web-tls', await it.stored());
  it.client.writes.length = 0;
  return it;
}

test('a field that is left from an annotation of before goes, under the lock of the version that was looked at', async () => {
  const it = await withDuration(component);
  const { metadata } = await it.stored();
  await it.act(ingress(tls));
  assert.deepEqual(
    it.client.writes.map(({ body }) => body),
    [{ spec: { duration: null }, metadata: { uid: 'one', resourceVersion: metadata?.resourceVersion } }],
  );
});

test('a field that somebody else set is looked into once, and stays', async () => {
  const it = await withDuration('kubectl');
  for (let turn = 0; turn < 3; turn++) await it.act(ingress(tls));
  assert.equal(it.gets, 1);
  assert.deepEqual(it.client.writes, []);
});

test('a Certificate that changed hands while it was looked into is left alone', async () => {
  const it = await withDuration(component);
  const decision = it.decide(ingress(tls));
  const now = await it.stored();
  const ownerReferences = now.metadata?.ownerReferences?.map((owner) => ({ ...owner, uid: 'another' }));
  await it.client.update(certificates, { ...now, metadata: { ...now.metadata, ownerReferences } }, byUser);
  it.client.writes.length = 0;
  await it.act(ingress(tls), decision);
  assert.deepEqual(it.client.writes, []);
  assert.equal(controllingOwner(it.cache.get('shop/web-tls')?.metadata)?.uid, 'another');
});

test('a refusal is told of by name, and the other Certificates are made', async () => {
  const it = new World();
  const create = it.client.create.bind(it.client);
  it.client.create = (type, object, options) =>
    object.metadata?.name === 'web-tls'
      ? Promise.reject(new ForbiddenError('denied by a policy'))
      : create(type, object, options);
  const two = ingress([...tls, { hosts: ['b.example.com'], secretName: 'b-tls' }], issuerAnnotation);
  const { failure } = await it.act(two);
  assert.ok(failure instanceof ForbiddenError);
  assert.deepEqual(it.events, [
    'Warning BadConfig The API server refused Certificate "web-tls": denied by a policy',
    'Normal CreateCertificate Successfully created Certificate "b-tls"',
  ]);
});
