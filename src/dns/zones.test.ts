import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoNameserversError, RcodeError, ZoneNotFoundError } from './errors.ts';
import type { DnsRecord } from './resolver.ts';
import { scriptResolver, type ScriptResolver, type Scripted } from './testing/script-resolver.ts';
import { createZones, type Zones } from './zones.ts';

const soa = (name: string, ttl = 300): DnsRecord => ({
  type: 'SOA',
  name,
  ttl,
  primary: 'ns.',
  serial: 1,
  minimum: 60,
});
const ns = (name: string, target: string, ttl = 300): DnsRecord => ({ type: 'NS', name, ttl, target });
const servers = ['192.0.2.1:53'];

function world(script: Record<string, Scripted>): {
  zones: Zones;
  resolver: ScriptResolver;
  pass: (seconds: number) => void;
} {
  let now = 1_800_000_000_000;
  const resolver = scriptResolver(script);
  return {
    zones: createZones({ resolver, now: () => now }),
    resolver,
    pass: (seconds) => (now += seconds * 1000),
  };
}

test('walks up past names that do not exist, have a CNAME, or have no SOA of their own', async () => {
  const { zones, resolver } = world({
    'SOA b.c.example.com.': {
      answers: [{ type: 'CNAME', name: 'b.c.example.com.', ttl: 1, target: 'x.' }, soa('x.')],
    },
    'SOA c.example.com.': { authorities: [soa('example.com.')] },
    'SOA example.com.': { answers: [soa('example.com.')] },
  });
  assert.equal(await zones.findZone('a.b.c.example.com', { servers }), 'example.com.');
  assert.deepEqual(
    resolver.asked.map((line) => line.split(' ')[1]),
    ['a.b.c.example.com.', 'b.c.example.com.', 'c.example.com.', 'example.com.'],
  );
});

test('an SOA of another name in the answer is no zone of ours, nor is one beside a CNAME', async () => {
  const { zones } = world({
    'SOA b.a.com.': {
      answers: [{ type: 'CNAME', name: 'b.a.com.', ttl: 1, target: 'x.' }, soa('b.a.com.')],
    },
    'SOA a.com.': { answers: [soa('evil.')] },
    'SOA com.': { answers: [soa('com.')] },
  });
  assert.equal(await zones.findZone('b.a.com.', { servers }), 'com.');
});

test('remembers for the TTL, an hour at most, and for each list of servers apart', async () => {
  const { zones, resolver, pass } = world({
    'SOA a.com.': { answers: [soa('a.com.', 100)] },
    'SOA b.com.': { answers: [soa('b.com.', 999_999)] },
    'SOA a.com. @192.0.2.2:53': {},
    'SOA com. @192.0.2.2:53': { answers: [soa('com.')] },
  });
  const asked = async (name: string, list = servers): Promise<number> => {
    const before = resolver.asked.length;
    await zones.findZone(name, { servers: list });
    return resolver.asked.length - before;
  };
  assert.deepEqual([await asked('a.com.'), await asked('a.com.')], [1, 0]);
  assert.equal(await zones.findZone('a.com.', { servers: ['192.0.2.2:53'] }), 'com.');
  pass(101);
  assert.equal(await asked('a.com.'), 1);
  assert.equal(await asked('b.com.'), 1);
  pass(3_599);
  assert.equal(await asked('b.com.'), 0);
  pass(2);
  assert.equal(await asked('b.com.'), 1);
});

test('names that users choose do not fill the memory', async () => {
  const { zones, resolver } = world(
    Object.fromEntries(
      Array.from({ length: 2_002 }, (_, index) => [
        `SOA n${index}.com.`,
        { answers: [soa(`n${index}.com.`)] },
      ]),
    ),
  );
  for (let index = 0; index < 2_002; index++) await zones.findZone(`n${index}.com.`, { servers });
  await zones.findZone('n2001.com.', { servers });
  assert.equal(resolver.asked.length, 2_002);
  await zones.findZone('n0.com.', { servers });
  assert.equal(resolver.asked.length, 2_003);
});

test('other rcodes stop the walk, and a tree without zones is told', async () => {
  const { zones } = world({ 'SOA a.com.': { rcode: 'SERVFAIL' } });
  await assert.rejects(
    zones.findZone('a.com.', { servers }),
    (error) =>
      error instanceof RcodeError &&
      error.rcode === 'SERVFAIL' &&
      /domain 'a\.com\.' using nameservers \[192\.0\.2\.1:53\].*got 'SERVFAIL'/u.test(error.message),
  );
  await assert.rejects(
    zones.findZone('b.com.', { servers }),
    (error) =>
      error instanceof ZoneNotFoundError &&
      /Could not find the SOA record in the DNS tree for the domain 'b\.com\.'/u.test(error.message),
  );
});

test('name servers of a zone: sorted, once each, and none is an error', async () => {
  const { zones } = world({
    'NS a.com.': {
      answers: [
        ns('a.com.', 'ns2.a.com.'),
        ns('a.com.', 'ns1.a.com.'),
        ns('a.com.', 'ns2.a.com.'),
        ns('evil.', 'ns.evil.'),
      ],
    },
    'NS b.com.': { answers: [] },
    'NS c.com.': { rcode: 'REFUSED' },
    'NS d.com.': { answers: Array.from({ length: 40 }, (_, index) => ns('d.com.', `n${index}.d.com.`)) },
  });
  assert.deepEqual(await zones.nameservers('a.com.', { servers }), ['ns1.a.com.', 'ns2.a.com.']);
  await assert.rejects(zones.nameservers('b.com.', { servers }), NoNameserversError);
  await assert.rejects(zones.nameservers('c.com.', { servers }), RcodeError);
  assert.equal((await zones.nameservers('d.com.', { servers })).length, 16);
});
