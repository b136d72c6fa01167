/** The propagation check against real name servers: one that lags, delegated challenges, and two truths about one name. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import { followCnames } from '../../src/dns/cname.ts';
import { CnameLoopError } from '../../src/dns/errors.ts';
import { createNetworkResolver } from '../../src/dns/network-resolver.ts';
import { checkPropagation, type Propagation } from '../../src/dns/propagation.ts';
import { sendUpdate } from '../../src/dns/update-exchange.ts';
import { createZones } from '../../src/dns/zones.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { startBind, type Bind, type BindZone } from '../../tools/peers/bind/bind.ts';

const randomId = (): number => randomInt(65_536);
const resolver = createNetworkResolver({ clock: systemClock, randomId, timeoutMs: 4000 });
const zones = createZones({ resolver, now: Date.now });

/** Both servers have it; 127.0.0.2 is ns1, 127.0.0.3 is ns2. */
const apex: BindZone = {
  name: 'example.test',
  nameservers: ['ns1.example.test.', 'ns2.example.test.'],
  allowUpdate: ['any'],
  ttl: 30,
  records: [
    'ns1 A 127.0.0.2',
    'ns2 A 127.0.0.3',
    '_acme-challenge.www CNAME www.challenges.delegated.test.',
    '_acme-challenge.loop CNAME loop2.example.test.',
    'loop2 CNAME _acme-challenge.loop',
    'deep.sub A 192.0.2.7',
  ],
};
const delegated: BindZone = {
  name: 'delegated.test',
  nameservers: ['ns2.example.test.'],
  allowUpdate: ['any'],
  records: ['www.challenges TXT "somebody-else"'],
};

suite('propagation at BIND', () => {
  let ns1: Bind;
  let ns2: Bind;
  let servers: string[];
  before(async () => {
    ns1 = await startBind({ address: '127.0.0.2', zones: [{ name: '.' }, apex, delegated] });
    ns2 = await startBind({ address: '127.0.0.3', port: ns1.port, zones: [apex, delegated] });
    servers = [ns1.server];
  });
  after(async () => {
    await ns1.stop();
    await ns2.stop();
  });

  const write = (at: Bind, zone: string, fqdn: string, value: string): Promise<void> =>
    sendUpdate(
      { clock: systemClock, randomId },
      { address: at.address, port: at.port, protocol: 'UDP' },
      { action: 'add', zone, fqdn, value, ttl: 30 },
    );
  const check = (
    fqdn: string,
    value: string,
    more: { recursiveOnly?: boolean; servers?: string[] } = {},
  ): Promise<Propagation> =>
    checkPropagation(
      { resolver, zones, authoritativePort: ns1.port },
      {
        fqdn,
        matches: (text) => text === value,
        servers: more.servers ?? servers,
        recursiveOnly: more.recursiveOnly ?? false,
      },
    );

  test('waits for the name server that lags, and says which one it is', async () => {
    const fqdn = '_acme-challenge.example.test.';
    const before = await check(fqdn, 'value');
    assert.equal(before.passed, false);
    assert.equal(before.views.length, 2);
    assert.match(
      before.problem,
      /^ns1\.example\.test:\d+: there is no _acme-challenge\.example\.test\., and 1 more of 2 wait/u,
    );

    await write(ns1, 'example.test.', fqdn, 'value');
    const half = await check(fqdn, 'value');
    assert.equal(half.passed, false);
    assert.deepEqual(
      half.views.map(({ view, passed, trusted }) => [view.split(':')[0], passed, trusted]),
      [
        ['ns1.example.test', true, true],
        ['ns2.example.test', false, true],
      ],
    );
    assert.match(half.problem, /^ns2\.example\.test:\d+: there is no _acme-challenge\.example\.test\.$/u);

    await write(ns2, 'example.test.', fqdn, 'another value');
    assert.match((await check(fqdn, 'value')).problem, /has a TXT record with another value$/u);
    await write(ns2, 'example.test.', fqdn, 'value');
    const both = await check(fqdn, 'value');
    assert.deepEqual([both.passed, both.problem, both.settleMs], [true, '', 0]);
  });

  test('follows a CNAME into another zone, whose servers are asked there', async () => {
    const plain = '_acme-challenge.www.example.test.';
    const target = 'www.challenges.delegated.test.';
    assert.equal((await followCnames(resolver, plain, { servers })).fqdn, target);
    assert.equal(await zones.findZone(target, { servers }), 'delegated.test.');
    await write(ns2, 'delegated.test.', target, 'delegated value');
    const result = await check(plain, 'delegated value');
    assert.deepEqual([result.passed, result.fqdn], [true, target]);
    assert.deepEqual(
      result.views.map(({ view }) => view.split(':')[0]),
      ['ns2.example.test'],
    );
    assert.deepEqual((await ns2.dig(target, 'TXT')).toSorted(), ['"delegated value"', '"somebody-else"']);
  });

  test('a circle of CNAMEs is one error, and names outside every zone another', async () => {
    await assert.rejects(
      followCnames(resolver, '_acme-challenge.loop.example.test.', { servers }),
      CnameLoopError,
    );
    await assert.rejects(
      zones.findZone('nowhere.test.', { servers: [ns2.server] }),
      (error) => error instanceof Error && /got 'REFUSED'/u.test(error.message),
    );
    assert.equal(await zones.findZone('deep.sub.example.test', { servers }), 'example.test.');
    // The server of that root knows it as a zone, so nothing under it is without one.
    assert.equal(await zones.findZone('nowhere.invalid.', { servers }), '.');
  });

  test('recursive servers alone decide where they are all that is asked', async () => {
    const fqdn = '_acme-challenge.recursive.example.test.';
    const both = { recursiveOnly: true, servers: [ns1.server, ns2.server] };
    await write(ns1, 'example.test.', fqdn, 'value');
    const half = await check(fqdn, 'value', both);
    assert.deepEqual(
      half.views.map(({ view, passed }) => [view, passed]),
      [
        [ns1.server, true],
        [ns2.server, false],
      ],
    );
    await write(ns2, 'example.test.', fqdn, 'value');
    assert.equal((await check(fqdn, 'value', both)).passed, true);
  });
});

suite('split DNS at BIND', () => {
  let bind: Bind;
  before(async () => {
    // What a client sees depends on where it asks from: inside, the zone has no challenges.
    const inside: BindZone = {
      name: 'corp.test',
      nameservers: ['ns.corp.test.'],
      records: ['ns A 127.0.0.1'],
    };
    const outside: BindZone = {
      ...inside,
      records: [...(inside.records ?? []), '_acme-challenge TXT "value"'],
    };
    bind = await startBind({
      views: [
        { name: 'outside', clients: ['127.0.0.9'], zones: [outside, { name: '.' }] },
        { name: 'inside', clients: ['any'], zones: [inside, { name: '.' }] },
      ],
    });
  });
  after(() => bind.stop());

  test('each list of servers has its own truth, and its own memory of zones', async () => {
    const result = await checkPropagation(
      { resolver, zones, authoritativePort: bind.port },
      {
        fqdn: '_acme-challenge.corp.test.',
        matches: (text) => text === 'value',
        servers: [bind.server],
        recursiveOnly: false,
      },
    );
    assert.equal(result.passed, false);
    assert.match(result.problem, /^ns\.corp\.test:\d+: there is no _acme-challenge/u);
    assert.deepEqual(await bind.dig('_acme-challenge.corp.test', 'TXT', '-b', '127.0.0.9'), ['"value"']);
  });
});

suite('a recursive server that keeps what it did not find', () => {
  let authority: Bind;
  let recursive: Bind;
  before(async () => {
    const zone: BindZone = {
      name: 'cached.test',
      nameservers: ['ns.cached.test.'],
      allowUpdate: ['any'],
      ttl: 45,
      records: ['ns A 127.0.0.4'],
    };
    authority = await startBind({ address: '127.0.0.4', zones: [zone, { name: '.' }] });
    recursive = await startBind({
      address: '127.0.0.5',
      forward: [{ zone: 'cached.test', to: authority }],
    });
  });
  after(async () => {
    await recursive.stop();
    await authority.stop();
  });

  test('the CA is told to look when that has run out, and at once where nobody asked too early', async () => {
    const check = (fqdn: string): Promise<Propagation> =>
      checkPropagation(
        { resolver, zones, authoritativePort: authority.port },
        { fqdn, matches: (text) => text === 'value', servers: [recursive.server], recursiveOnly: false },
      );
    const write = (fqdn: string): Promise<void> =>
      sendUpdate(
        { clock: systemClock, randomId },
        { address: authority.address, port: authority.port, protocol: 'TCP' },
        { action: 'add', zone: 'cached.test.', fqdn, value: 'value', ttl: 45 },
      );
    const early = '_acme-challenge.early.cached.test.';
    assert.equal((await check(early)).passed, false);
    await write(early);
    const { passed, settleMs } = await check(early);
    assert.equal(passed, true);
    assert.ok(settleMs > 0 && settleMs <= 45_000, `settles for ${settleMs} ms`);

    const late = '_acme-challenge.late.cached.test.';
    await write(late);
    const fresh = await check(late);
    assert.deepEqual([fresh.passed, fresh.settleMs], [true, 0]);
  });
});
