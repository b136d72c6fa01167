/**
 * Instances that come, go and die, with an API server whose answers take their time: no shard is ever worked on by two, and
 * once nobody comes or goes any more each has its share.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../api/core.ts';
import type { KubeList, KubeObject } from '../../api/meta.ts';
import type { ResourceType } from '../../api/resources.ts';
import type { ObjectKey, WriteOptions } from '../../kube/client.ts';
import { pause } from '../../kube/clock.ts';
import { createFakeClock, type FakeClock } from '../../kube/testing/fake-clock.ts';
import { MemoryClient } from '../../kube/testing/memory-client.ts';
import { seededRandom } from '../../kube/testing/seeded-random.ts';
import { shardTurns } from './shard-turns.ts';

const silent = (): void => undefined;
const shards = 6;
const times = { durationMs: 6_000, renewDeadlineMs: 4_000, retryMs: 1_000, healthzTimeoutMs: 20_000 };

/** A way to one store: requests and answers take their time, and either may be broken off. */
class SlowClient extends MemoryClient {
  readonly #world: World;
  /** Set: the process is dead, nothing of it gets anywhere. */
  dead = false;

  constructor(world: World) {
    super();
    this.#world = world;
  }
  override get<T extends KubeObject>(type: ResourceType, key: ObjectKey, signal?: AbortSignal): Promise<T> {
    return this.#travel(() => this.#world.store.get<T>(type, key), signal);
  }
  override create<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T> {
    return this.#travel(() => this.#world.store.create(type, object, { fieldManager: 'f' }), options.signal);
  }
  override update<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T> {
    return this.#travel(() => this.#world.store.update(type, object, { fieldManager: 'f' }), options.signal);
  }
  override delete(type: ResourceType, key: ObjectKey): Promise<void> {
    return this.#travel(() => this.#world.store.delete(type, key));
  }
  override list(): never {
    return this.#travel(() => {
      const items = [...this.#world.store.objects]
        .filter(([path]) => path.includes('/certwright-member-'))
        .map(([, object]) => structuredClone(object));
      const list: KubeList<KubeObject> = { metadata: {}, items };
      return Promise.resolve(list);
    }) as never;
  }

  async #travel<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { clock, random, latencyMs } = this.#world;
    await pause(clock, random() * latencyMs, signal);
    if (this.dead) return new Promise(() => undefined);
    const answer = await task();
    await pause(clock, random() * latencyMs, signal);
    return this.dead ? new Promise(() => undefined) : answer;
  }
}

class World {
  readonly store = new MemoryClient();
  readonly clock: FakeClock = createFakeClock(Date.UTC(2026, 0, 1));
  readonly random: () => number;
  readonly latencyMs: number;
  readonly instances = new Set<Instance>();
  #begun = 0;

  constructor(seed: number, latencyMs: number) {
    this.random = seededRandom(seed);
    this.latencyMs = latencyMs;
  }

  begin(): void {
    this.#begun += 1;
    this.instances.add(new Instance(this, `instance-${this.#begun}`));
  }

  /** @throws AssertionError when two work on one shard */
  check(): void {
    const workers = new Map<number, number>();
    for (const { working } of this.instances)
      for (const shard of working) workers.set(shard, (workers.get(shard) ?? 0) + 1);
    for (const [shard, count] of workers) assert.equal(count, 1, `${count} work on shard ${shard}`);
  }

  /** How many shards each works on, fewest first. */
  get shares(): number[] {
    return [...this.instances].map(({ working }) => working.length).toSorted((a, b) => a - b);
  }

  /** Names of the leases that somebody holds. */
  get held(): (string | undefined)[] {
    return ([...this.store.objects.values()] as Lease[])
      .filter(({ metadata, spec }) => !metadata?.name?.includes('-member-') && spec?.holderIdentity !== '')
      .map(({ metadata }) => metadata?.name);
  }

  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      await this.clock.advance(Math.min(100, left));
      this.check();
    }
  }
}

/** A process: its work takes a while to stop. */
class Instance {
  working: readonly number[] = [];
  readonly #stop = new AbortController();
  readonly #client: SlowClient;
  readonly #world: World;
  readonly #token: string;
  readonly ended: Promise<void>;

  constructor(world: World, token: string) {
    this.#world = world;
    this.#token = token;
    this.#client = new SlowClient(world);
    this.ended = this.#run();
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#world;
    const turns = shardTurns(
      {
        ...times,
        namespace: 'kube-system',
        name: 'cert-manager-controller',
        suffix: '',
        label: 'certwright',
        fieldManager: 'f',
        shards,
        clusterResourceNamespace: 'cert-manager',
      },
      {
        clock,
        random,
        signal: this.#stop.signal,
        client: this.#client,
        token: this.#token,
        log: {
          debug: silent,
          warn: silent,
          error: silent,
          info: (facts: { shards?: readonly number[] }) => {
            this.working = facts.shards ?? this.working;
          },
        },
        metrics: { setShards: silent },
        health: { addLive: silent } as never,
      },
    );
    for (let turn = await turns.next(); turn !== undefined; turn = await turns.next()) {
      const { over } = turn;
      if (!over.aborted && !this.#stop.signal.aborted)
        await new Promise<void>((resolve) => {
          over.addEventListener('abort', () => resolve(), { once: true });
          this.#stop.signal.addEventListener('abort', () => resolve(), { once: true });
        });
      await pause(clock, random() * 200);
      this.working = [];
      await turn.end();
    }
    this.#world.instances.delete(this);
  }

  get isEnding(): boolean {
    return this.#stop.signal.aborted;
  }

  end(): Promise<void> {
    this.#stop.abort(new Error('asked to end'));
    return this.ended;
  }

  kill(): void {
    this.#client.dead = true;
    this.working = [];
    this.#world.instances.delete(this);
  }
}

for (const latencyMs of [20, 400, 800])
  for (let seed = 1; seed <= 4; seed++)
    test(`each gets its share when nobody comes or goes any more: answers within ${latencyMs} ms, seed ${seed}`, async () => {
      const world = new World(seed, latencyMs);
      const { random } = world;
      for (let round = 0; round < 8; round++) {
        // Soon one after the other: each changes the plan while the instances carry out the one before.
        for (let changes = 1 + random() * 4; changes > 0; changes--) {
          const running = [...world.instances];
          const one = running[Math.floor(random() * running.length)];
          const dice = random();
          if (one === undefined || (dice < 0.6 && running.length < shards)) world.begin();
          else if (dice < 0.8) one.kill();
          else void one.end();
          await world.advance(random() * 1_500);
        }
        if ([...world.instances].every(({ isEnding }) => isEnding)) world.begin();
        // Long enough for the leases of the dead to expire.
        await world.advance(30_000);
        assert.deepEqual(world.shares, fairShares(world.instances.size), `round ${round}`);
      }
      const leaving = Promise.all([...world.instances].map((instance) => instance.end()));
      await world.advance(10_000);
      await leaving;
      assert.deepEqual(world.held, [], 'every lease was given back');
    });

function fairShares(members: number): number[] {
  return Array.from({ length: members }, (_, index) => Math.floor((shards + index) / members));
}
