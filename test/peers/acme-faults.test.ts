/**
 * Certificates from a CA that fails: a proxy in front of Pebble plays one kind of fault for each issuer, on every kind of
 * call, and all of them get their certificate without a hand, with one order and with requests that can be counted.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import type { KubeObject } from '../../src/api/meta.ts';
import { challenges, clusterIssuers, orders, type ResourceType } from '../../src/api/resources.ts';
import {
  problemAnswer,
  startCaProxy,
  type CaFault,
  type CaProxy,
  type CaRequest,
} from '../../tools/peers/acme/ca-proxy.ts';
import { startChallengeServer } from '../../tools/peers/acme/challenge-server.ts';
import { startPebble, type Pebble } from '../../tools/peers/acme/pebble.ts';
import { freePorts } from '../../tools/peers/acme/peer-process.ts';
import { AcmeServerWorld } from './acme-server-world.ts';

/** `nth`: of its kind, from 1. */
type Play = (request: CaRequest, nth: number) => CaFault;
const tenMiB = Buffer.alloc(10 << 20, 'x');
const json = { 'content-type': 'application/json' };
const problemJson = { 'content-type': 'application/problem+json' };
const lies: readonly CaFault[] = [
  { answer: { status: 500, headers: problemJson, body: '{"type":7,"detail":{"a":1},"subproblems":"none"}' } },
  { answer: { status: 503, headers: { 'content-type': 'text/html' }, body: '<h1>Maintenance</h1>' } },
  {
    answer: {
      status: 502,
      headers: problemJson,
      body: '{"status":200,"type":"about:blank","detail":"fine"}',
    },
  },
  { answer: { status: 500, headers: problemJson, body: `${'['.repeat(100_000)}${']'.repeat(100_000)}` } },
  { answer: { status: 200, headers: json, body: 'null' } },
];
const inHalfAMinute = (): string => new Date(Date.now() + 86_400_000 + 2000).toUTCString();

/** Each fault meets the first of every kind of call, or more of them; `said`: what some object says meanwhile. */
const plays: Readonly<Record<string, { play: Play; said: RegExp }>> = {
  'rate-limited': {
    play: (_request, nth) =>
      nth <= 2 ? { answer: problemAnswer(429, 'rateLimited', 'slow down', { 'retry-after': '1' }) } : 'none',
    said: /429 .*rateLimited|rateLimited: slow down|slow down/u,
  },
  // The day after tomorrow by our clock, in two seconds by its own.
  'clock-ahead': {
    play: (_request, nth) =>
      nth === 1
        ? {
            answer: problemAnswer(503, 'serverInternal', 'soon', {
              date: new Date(Date.now() + 86_400_000).toUTCString(),
              'retry-after': inHalfAMinute(),
            }),
          }
        : 'none',
    said: /503/u,
  },
  'server-fault': {
    play: (_request, nth) => (nth === 1 ? { answer: problemAnswer(500, 'serverInternal', 'oops') } : 'none'),
    said: /500/u,
  },
  'cut-before': { play: (_request, nth) => (nth === 1 ? 'cut' : 'none'), said: /closed|reset/iu },
  'cut-after': {
    play: (_request, nth) => (nth === 1 ? 'cut-after' : 'none'),
    said: /closed|reset|cut|aborted/iu,
  },
  slow: { play: (_request, nth) => (nth === 1 ? { delayMs: 3000 } : 'none'), said: /./u },
  lying: {
    play: ({ call }, nth) => (nth === 1 ? (lies[call.length % lies.length] ?? 'none') : 'none'),
    said: /50[023]|answer/u,
  },
  huge: {
    play: ({ call }, nth) =>
      nth === 1
        ? { answer: { status: call.length % 2 === 0 ? 200 : 500, headers: json, body: tenMiB } }
        : 'none',
    said: /long|large|bytes|MiB/iu,
  },
  'nonces-that-expire': {
    play: ({ method }, nth) =>
      method === 'POST' && nth % 2 === 1
        ? { change: (answer) => ({ ...answer, headers: { ...answer.headers, 'replay-nonce': 'expired' } }) }
        : 'none',
    said: /./u,
  },
};

let world: AcmeServerWorld;
let pebble: Pebble;
const said = new Map<string, Set<string>>();
const watching = new AbortController();
const watches: Promise<void>[] = [];

/** What an Order, a Challenge or an issuer says. */
interface Speaker extends KubeObject {
  spec?: { issuerRef?: { name: string } };
  status?: { reason?: string; conditions?: { message?: string }[] };
}

async function listen(type: ResourceType): Promise<void> {
  try {
    for await (const { object } of world.client.watch<Speaker>(type, { signal: watching.signal })) {
      const { metadata, spec, status } = object;
      const issuer = spec?.issuerRef?.name ?? metadata?.name ?? '';
      const texts = [status?.reason, ...(status?.conditions ?? []).map(({ message }) => message)];
      const all = said.get(issuer) ?? new Set();
      for (const text of texts) if (text !== undefined) all.add(text);
      said.set(issuer, all);
    }
  } catch (error) {
    if (!watching.signal.aborted) throw error;
  }
}

before(async () => {
  const [httpPort = 0] = await freePorts(1);
  world = await AcmeServerWorld.start({
    settings: { responder: { http01: { host: '127.0.0.1', port: httpPort } } },
  });
  const names = world.with(await startChallengeServer());
  const retryAfter = { authz: 1, order: 1 };
  pebble = world.with(
    await startPebble({ dnsServer: names.dns, httpPort, noSleep: true, nonceReject: 0, retryAfter }),
  );
  for (const type of [orders, challenges, clusterIssuers]) watches.push(listen(type));
});
after(async () => {
  watching.abort();
  await Promise.all(watches);
  await world[Symbol.asyncDispose]();
});

async function behind(name: string, play: Play): Promise<{ proxy: CaProxy; placed: () => number }> {
  const proxy = world.with(await startCaProxy(pebble));
  let placed = 0;
  proxy.fault = (request) => play(request, proxy.count(request.call));
  proxy.after = ({ call }) => void (placed += call === 'newOrder' ? 1 : 0);
  await world.issuer(name, proxy);
  return { proxy, placed: () => placed };
}

suite('a CA that fails', { concurrency: true }, () => {
  for (const [name, { play, said: pattern }] of Object.entries(plays))
    test(`${name}: the certificate comes, with one order`, async (t) => {
      const { proxy, placed } = await behind(name, play);
      await world.certificate(name, name, { dnsNames: [`a.${name}.example.test`, `b.${name}.example.test`] });
      await world.chain(name, 240);
      assert.equal((await world.orders(name)).length, 1);
      // A nonce that is refused is refused before anything is done.
      if (name !== 'nonces-that-expire') assert.equal(placed(), 1, 'orders at the CA');
      const certificate = await world.read(name);
      assert.equal(certificate.status?.failedIssuanceAttempts, undefined);
      const texts = [...(said.get(name) ?? [])];
      assert.ok(
        texts.some((text) => pattern.test(text)),
        texts.join('\n'),
      );
      t.diagnostic(`${name}: ${proxy.requests.length} requests`);
      assert.ok(proxy.requests.length < 80, `${proxy.requests.length} requests`);
    });

  test('an hour of Retry-After on new orders: said, kept, and not asked again', async () => {
    const refusal = problemAnswer(429, 'rateLimited', 'too many certificates', { 'retry-after': '3600' });
    const { proxy } = await behind('hour', ({ call }) =>
      call === 'newOrder' ? { answer: refusal } : 'none',
    );
    await world.certificate('hour', 'hour', { dnsNames: ['hour.example.test'] });
    const begun = Date.now();
    await world.until('the Order says when', 60, async () => {
      const [order] = await world.orders('hour');
      return order?.status?.nextAttemptAt !== undefined;
    });
    const [order] = await world.orders('hour');
    assert.equal(order?.status?.state ?? 'pending', 'pending');
    assert.equal(order?.status?.problem, 'urn:ietf:params:acme:error:rateLimited');
    assert.match(order?.status?.reason ?? '', /too many certificates/u);
    const at = Date.parse(order?.status?.nextAttemptAt ?? '');
    assert.ok(at >= begun + 3_590_000 && at <= Date.now() + 3_700_000, order?.status?.nextAttemptAt);
    assert.equal(proxy.count('newOrder'), 1);
  });

  test('an order that the CA calls invalid ends the issuance, in the words of the CA, and nothing more is asked', async () => {
    const { proxy } = await behind('invalid', ({ call }) => {
      if (call !== 'order') return 'none';
      const error = { type: 'urn:ietf:params:acme:error:caa', detail: 'CAA forbids it', status: 403 };
      const change = (body: string | Buffer): string =>
        JSON.stringify({ ...(JSON.parse(body.toString()) as object), status: 'invalid', error });
      return { change: (answer) => ({ ...answer, body: change(answer.body) }) };
    });
    await world.certificate('invalid', 'invalid', { dnsNames: ['invalid.example.test'] });
    await world.until('the Certificate says so', 60, async () => {
      const { status } = await world.read('invalid');
      return status?.failedIssuanceAttempts === 1;
    });
    const [order] = await world.orders('invalid');
    assert.equal(order?.status?.state, 'invalid');
    assert.match(
      order?.status?.reason ?? '',
      /status: invalid: urn:ietf:params:acme:error:caa: CAA forbids it/u,
    );
    const { status } = await world.read('invalid');
    assert.match(
      status?.conditions?.find(({ type }) => type === 'Issuing')?.message ?? '',
      /CAA forbids it/u,
    );
    assert.equal(proxy.count('newOrder'), 1);
  });
});

test('no controller met what it did not understand', () => {
  assert.deepEqual(world.problems, []);
});
