import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { RenewalInfo } from '../../../acme/acme-client.ts';
import { AcmeProblemError, AcmeProtocolError, AcmeTransportError } from '../../../acme/errors.ts';
import type { Certificate } from '../../../api/certificate.ts';
import type { AnyIssuer } from '../../../issuers/issuer.ts';
import { createFakeClock, type FakeClock } from '../../../kube/testing/fake-clock.ts';
import { defaultControllerOptions, type ControllerContext } from '../../context.ts';
import { RenewalInfoPoller } from './poller.ts';

const start = Date.parse('2026-03-01T00:00:00Z');
const issuer = {
  metadata: { name: 'le', uid: 'le' },
  spec: { acme: { server: 'https://ca.example' } },
} as AnyIssuer;
const info: RenewalInfo = { start: start + 1000, end: start + 2000 };

class World {
  readonly clock: FakeClock = createFakeClock(start);
  readonly abort = new AbortController();
  readonly woken: string[] = [];
  readonly asked: string[] = [];
  readonly certificates = new Map<string, Certificate>();
  readonly secrets = new Map<string, unknown>();
  readonly issuers = new Map([['le', issuer]]);
  inFlight = 0;
  most = 0;
  ready = true;
  answer: (certId: string) => Promise<RenewalInfo | undefined> = () => Promise.resolve(info);
  readonly poller: RenewalInfoPoller;

  constructor() {
    const client = {
      renewalInfo: async (certId: string): Promise<RenewalInfo | undefined> => {
        this.asked.push(certId);
        this.most = Math.max(this.most, ++this.inFlight);
        try {
          return await this.answer(certId);
        } finally {
          this.inFlight--;
        }
      },
    };
    const context = {
      clock: this.clock,
      log: { debug: () => undefined },
      options: defaultControllerOptions,
      informers: {
        certificates: this.certificates,
        secrets: this.secrets,
        clusterIssuers: this.issuers,
      },
      acmeAccounts: { clientFor: () => Promise.resolve(this.ready ? client : undefined) },
    } as unknown as ControllerContext;
    this.poller = new RenewalInfoPoller(context, (key) => void this.woken.push(key), this.abort.signal);
  }

  certificate(name: string, status?: Certificate['status'], issuerName = 'le'): string {
    const key = `shop/${name}`;
    const spec = { secretName: name, issuerRef: { name: issuerName, kind: 'ClusterIssuer' } };
    this.certificates.set(key, { metadata: { name, namespace: 'shop' }, spec, status });
    this.secrets.set(key, {
      namespace: 'shop',
      certificate: { ok: true, value: { renewalId: `id.${name}` } },
      annotations: {
        'cert-manager.io/issuer-name': issuerName,
        'cert-manager.io/issuer-kind': 'ClusterIssuer',
        'cert-manager.io/issuer-group': 'cert-manager.io',
      },
    });
    return key;
  }

  many(count: number): string[] {
    const keys = Array.from({ length: count }, (_, i) => this.certificate(`web-${i}`));
    for (const key of keys) this.poller.ask(key, issuer);
    return keys;
  }
}

test('an answer is news until a status holds it, about this very certificate', async () => {
  const world = new World();
  const key = world.certificate('web');
  world.poller.ask(key, issuer);
  world.poller.ask(key, issuer);
  assert.equal(world.poller.stateOf(key, 'id.web').asked, true);
  await world.clock.advance(1);
  assert.deepEqual(world.asked, ['id.web'], 'asked once');
  assert.deepEqual(world.woken, [key]);
  const { asked, news } = world.poller.stateOf(key, 'id.web');
  assert.equal(asked, false);
  assert.deepEqual(news, { kind: 'window', at: start, window: { start: info.start, end: info.end } });
  assert.equal(world.poller.stateOf(key, 'id.other').news, undefined, 'not about another certificate');
  assert.ok(news !== undefined);
  world.poller.taken(key, news);
  assert.deepEqual(world.poller.stateOf(key, 'id.web'), { asked: false });
  assert.equal(world.poller.size, 0);
});

test('ten thousand that are all due: few at a time, five in a second, none twice', async () => {
  const world = new World();
  world.many(10_000);
  await world.clock.advance(1);
  assert.ok(world.asked.length <= 20, `${world.asked.length} at once`);
  assert.ok(world.most <= 2);
  await world.clock.advance(60_000);
  assert.ok(Math.abs(world.asked.length - 320) <= 2, `${world.asked.length} in the first minute`);
  assert.equal(new Set(world.asked).size, world.asked.length);
  world.abort.abort();
});

test('a CA that is down is asked again after a pause that doubles, and the others wait without a word', async () => {
  const world = new World();
  world.answer = () => Promise.reject(new AcmeTransportError('connect', 'refused'));
  world.many(100);
  await world.clock.advance(1);
  const first = world.asked.length;
  assert.ok(first <= 2, `${first} asked before it was known`);
  await world.clock.advance(6 * 3_600_000);
  assert.ok(world.asked.length <= first + 24, `${world.asked.length} in six hours`);
  assert.equal(world.woken.length, world.asked.length, 'only those that were asked about are told');
  const failed = world.poller.stateOf(world.woken[0]!, `id.${world.woken[0]!.slice(5)}`).news;
  assert.equal(failed?.kind === 'error' && failed.lasting, false);
  world.answer = () => Promise.resolve(info);
  await world.clock.advance(2 * 3_600_000);
  assert.equal(world.asked.length, 100, 'each once, when it is back');
});

test('an issuer that is not ready: the question waits', async () => {
  const world = new World();
  world.ready = false;
  const [key] = world.many(1);
  await world.clock.advance(30_000);
  assert.deepEqual([world.asked.length, world.woken.length], [0, 0]);
  world.ready = true;
  await world.clock.advance(120_000);
  assert.deepEqual(world.woken, [key]);
});

test('404 is about one certificate, nonsense too: the next is asked at once', async () => {
  const world = new World();
  const problem = {
    type: 'urn:ietf:params:acme:error:malformed',
    detail: 'no such certificate',
    subproblems: [],
  };
  world.answer = (certId) =>
    Promise.reject(
      certId === 'id.web-0'
        ? new AcmeProblemError(problem, { status: 404 })
        : new AcmeProtocolError('start after end'),
    );
  world.many(3);
  await world.clock.advance(1);
  assert.equal(world.asked.length, 3);
  const kinds = [0, 1].map((i) => world.poller.stateOf(`shop/web-${i}`, `id.web-${i}`).news);
  assert.deepEqual(
    kinds.map((news) => news?.kind === 'error' && news.lasting),
    [true, false],
  );
});

test('a CA without renewal information is asked once in six hours, not once for each certificate', async () => {
  const world = new World();
  world.answer = () => Promise.resolve(undefined);
  const old = world.certificate('old', { acme: { ari: {} } });
  world.many(50);
  world.poller.ask(old, issuer);
  await world.clock.advance(1000);
  assert.ok(world.asked.length <= 2);
  assert.ok(world.woken.includes(old), 'what its status says has to go');
  assert.equal(world.poller.hasNone(issuer), true);
  assert.equal(world.poller.stateOf('shop/web-40', 'id.web-40').asked, false);
  world.clock.jump(-40 * 86_400_000);
  assert.equal(world.poller.hasNone(issuer), false, 'a clock that was set back does not keep it for ever');
  world.clock.jump(40 * 86_400_000);
  await world.clock.advance(7 * 3_600_000);
  assert.equal(world.poller.hasNone(issuer), false);
});

test('a clock that is set back does not end the questions', async () => {
  const world = new World();
  world.answer = () => Promise.reject(new AcmeTransportError('timeout', 'slow'));
  world.many(5);
  await world.clock.advance(1);
  world.clock.jump(-365 * 86_400_000);
  world.answer = () => Promise.resolve(info);
  await world.clock.advance(2 * 3_600_000);
  assert.equal(new Set(world.asked).size, 5);
});

test('what is gone is forgotten, and the end stops everything', async () => {
  const world = new World();
  world.ready = false;
  const keys = world.many(3);
  await world.clock.advance(1);
  world.poller.forget(keys[1]!);
  world.certificates.delete(keys[2]!);
  world.ready = true;
  await world.clock.advance(3_600_000);
  assert.deepEqual(world.woken, [keys[0]]);
  world.poller.forget(keys[0]!);
  assert.equal(world.poller.size, 0);
  world.abort.abort();
  world.poller.ask(keys[0]!, issuer);
  assert.equal(world.poller.size, 0);
});

test('CAs that are slow, each with more to ask than there are places, keep nobody else from being asked', async () => {
  const world = new World();
  const waiting: (() => void)[] = [];
  world.answer = () =>
    new Promise((resolve) => {
      waiting.push(() => resolve(info));
    });
  for (let ca = 0; ca < 10; ca++) {
    const slow = { ...issuer, metadata: { name: 'le', uid: `slow-${ca}` } } as AnyIssuer;
    for (let i = 0; i < 10; i++) world.poller.ask(world.certificate(`slow-${ca}-${i}`), slow);
  }
  world.poller.ask(world.certificate('quick'), issuer);
  await world.clock.advance(1);
  for (let round = 0; round < 20 && !world.asked.includes('id.quick'); round++) {
    waiting.shift()?.();
    await world.clock.advance(1);
  }
  assert.ok(world.asked.includes('id.quick'), `${world.asked.length} others were asked first`);
});

/** How often the size of a set was asked for: once at least for each lane that is looked at. */
function looks(t: TestContext): { count: number } {
  const seen = { count: 0 };
  const own = Object.getOwnPropertyDescriptor(Set.prototype, 'size')!;
  Reflect.defineProperty(Set.prototype, 'size', {
    ...own,
    get(this: Set<unknown>): number {
      seen.count++;
      return own.get!.call(this) as number;
    },
  });
  t.after(() => void Reflect.defineProperty(Set.prototype, 'size', own));
  return seen;
}

for (const count of [20, 1_000])
  test(`a question of one of ${count} CAs looks at few of them`, async (t) => {
    const world = new World();
    const asked = Array.from({ length: count }, (_, i) => {
      const one = { ...issuer, metadata: { name: `ca-${i}`, uid: `ca-${i}` } };
      world.issuers.set(`ca-${i}`, one);
      return { one, key: world.certificate(`web-${i}`, undefined, `ca-${i}`) };
    });
    const seen = looks(t);
    for (const { key, one } of asked) world.poller.ask(key, one);
    await world.clock.advance(1_000);
    assert.equal(world.asked.length, count);
    assert.ok(seen.count <= count * 60, `${seen.count} looks`);
    const deleted = t.mock.method(Set.prototype, 'delete');
    world.poller.ask(asked[0]!.key, asked[0]!.one);
    world.poller.forget(asked[0]!.key);
    assert.ok(deleted.mock.callCount() <= 5, `${deleted.mock.callCount()} lanes were searched for one key`);
  });
