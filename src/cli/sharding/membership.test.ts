/** Who is alive is known by the Leases that move, seen by our own clock. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Lease } from '../../api/core.ts';
import type { KubeList, KubeObject } from '../../api/meta.ts';
import { leases } from '../../api/resources.ts';
import { createFakeClock, type FakeClock } from '../../kube/testing/fake-clock.ts';
import { MemoryClient } from '../../kube/testing/memory-client.ts';
import { Membership, memberLabel } from './membership.ts';

const { signal } = new AbortController();
let clock: FakeClock;
let client: MemoryClient;

class ListingClient extends MemoryClient {
  override list(): never {
    const list: KubeList<KubeObject> = {
      metadata: {},
      items: structuredClone([...this.objects.values()]),
    };
    return Promise.resolve(list) as never;
  }
}

const member = (identity: string, shards = 4): Membership =>
  new Membership({
    client,
    clock,
    namespace: 'ns',
    identity,
    name: `member-${identity}`,
    shards,
    durationMs: 12_000,
    fieldManager: 'f',
  });
const names = (): string[] => [...client.objects.keys()].toSorted();

beforeEach(() => {
  clock = createFakeClock(0);
  client = new ListingClient();
});

test('each meets the others, and whoever leaves is gone at once', async () => {
  const [a, b] = [member('a'), member('b')];
  assert.deepEqual((await a.meet(signal)).alive, ['a']);
  assert.deepEqual((await b.meet(signal)).alive, ['b', 'a']);
  assert.deepEqual((await a.meet(signal)).alive, ['a', 'b'], 'itself once');
  await b.leave();
  assert.deepEqual(await a.meet(signal), { alive: ['a'], disagree: undefined });
});

test('a Lease that does not move for its duration is that of the dead, and is buried much later', async () => {
  const [a, b] = [member('a'), member('b')];
  await b.meet(signal);
  await a.meet(signal);
  await clock.advance(11_999);
  assert.deepEqual((await a.meet(signal)).alive, ['a', 'b']);
  await clock.advance(1);
  assert.deepEqual((await a.meet(signal)).alive, ['a']);
  assert.deepEqual(names(), ['leases/ns/member-a', 'leases/ns/member-b']);

  // One that was only slow is back with its next renewal.
  await b.meet(signal);
  assert.deepEqual((await a.meet(signal)).alive, ['a', 'b']);
  await clock.advance(120_000);
  await a.meet(signal);
  assert.deepEqual(names(), ['leases/ns/member-a']);
});

test('whoever was buried alive finds out, and comes again', async () => {
  const b = member('b');
  await b.meet(signal);
  client.objects.delete('leases/ns/member-b');
  await assert.rejects(b.meet(signal));
  assert.deepEqual((await b.meet(signal)).alive, ['b']);
  assert.equal((client.objects.get('leases/ns/member-b') as Lease).metadata?.labels?.[memberLabel], '4');
});

test('who counts other shards is told, as long as it is alive', async () => {
  const a = member('a');
  await member('b', 8).meet(signal);
  assert.equal((await a.meet(signal)).disagree, 'b counts 8 shards, we count 4');
  await clock.advance(12_000);
  assert.equal((await a.meet(signal)).disagree, undefined);
});

test('a Lease that nobody holds is nobody', async () => {
  const free: Lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'ns', name: 'member-x', labels: { [memberLabel]: '8' } },
    spec: { holderIdentity: '' },
  };
  await client.create(leases, free, { fieldManager: 'f' });
  assert.deepEqual(await member('a').meet(signal), { alive: ['a'], disagree: undefined });
});
