import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { followCnames } from './cname.ts';
import { CnameLoopError, DomainNameError, NoAnswerError } from './errors.ts';
import { checkPropagation, type Propagation } from './propagation.ts';
import type { DnsRecord, DnsResolver } from './resolver.ts';
import { scriptResolver, type Scripted } from './testing/script-resolver.ts';
import { createZones } from './zones.ts';

const fqdn = '_acme-challenge.example.com.';
const servers = ['192.0.2.53:53', '192.0.2.54:53'];
const text = (value: string, name = fqdn): DnsRecord => ({ type: 'TXT', name, ttl: 60, text: value });
const cname = (name: string, target: string): DnsRecord => ({ type: 'CNAME', name, ttl: 60, target });
const address = (name: string, value: string): DnsRecord => ({
  type: value.includes(':') ? 'AAAA' : 'A',
  name,
  ttl: 60,
  address: value,
});

const zone: Record<string, Scripted> = {
  'SOA example.com.': {
    answers: [
      { type: 'SOA', name: 'example.com.', ttl: 60, primary: 'ns1.example.com.', serial: 1, minimum: 60 },
    ],
  },
  'NS example.com.': {
    answers: ['ns1', 'ns2'].map((host) => ({
      type: 'NS',
      name: 'example.com.',
      ttl: 60,
      target: `${host}.example.com.`,
    })),
  },
  'A ns1.example.com.': { answers: [address('ns1.example.com.', '198.51.100.1')] },
  'A ns2.example.com.': { answers: [address('ns2.example.com.', '198.51.100.2')] },
  'AAAA ns1.example.com.': {},
  'AAAA ns2.example.com.': { answers: [address('ns2.example.com.', '2001:db8::2')] },
};
const [at1, at2] = [`TXT ${fqdn} @198.51.100.1:53`, `TXT ${fqdn} @198.51.100.2:53,[2001:db8::2]:53`];

function check(
  script: Record<string, Scripted>,
  more: { recursiveOnly?: boolean } = {},
): Promise<Propagation> {
  const resolver = scriptResolver({ ...zone, ...script });
  const zones = createZones({ resolver, now: () => 0 });
  const question = {
    fqdn,
    matches: (value: string) => value === 'v',
    servers,
    recursiveOnly: more.recursiveOnly ?? false,
  };
  return checkPropagation({ resolver, zones }, question);
}

suite('authoritative servers', () => {
  test('all of them have to have it', async () => {
    const result = await check({
      [at1]: { answers: [text('other'), text('v')] },
      [at2]: { answers: [text('v')] },
    });
    assert.deepEqual([result.passed, result.problem, result.settleMs], [true, '', 0]);
    assert.deepEqual(
      result.views.map(({ view }) => view),
      ['ns1.example.com:53', 'ns2.example.com:53'],
    );
  });

  test('say each what they saw instead', async () => {
    const answerOf = async (seen: Scripted): Promise<string | undefined> =>
      (await check({ [at1]: seen, [at2]: { answers: [text('v')] } })).views[0]?.answer;
    assert.equal(await answerOf({ rcode: 'NXDOMAIN' }), `there is no ${fqdn}`);
    assert.equal(await answerOf({}), `${fqdn} has no TXT record`);
    assert.equal(
      await answerOf({ answers: [text('a'), text('b')] }),
      `${fqdn} has 2 TXT records with other values`,
    );
    assert.equal(await answerOf({ answers: [text('v', 'evil.')] }), `${fqdn} has no TXT record`);
    assert.equal(
      await answerOf({ rcode: 'SERVFAIL' }),
      `NS ns1.example.com:53 returned SERVFAIL for ${fqdn}`,
    );
    assert.equal(await answerOf({ fails: 'silent' }), '198.51.100.1:53: silent');
  });

  test('one that is silent is waited for; one that this machine has no way to is not', async () => {
    const silent = await check({ [at1]: { fails: 'silent' }, [at2]: { answers: [text('v')] } });
    assert.deepEqual([silent.passed, silent.problem], [false, 'ns1.example.com:53: 198.51.100.1:53: silent']);
    const unreachable = await check({ [at1]: { fails: 'unreachable' }, [at2]: { answers: [text('v')] } });
    assert.equal(unreachable.passed, true);
    assert.deepEqual(
      unreachable.views.map(({ passed, trusted }) => [passed, trusted]),
      [
        [false, false],
        [true, true],
      ],
    );
  });

  test('one without any address counts for nothing, and none that counts is not enough', async () => {
    const hidden = { 'A ns1.example.com.': {}, 'AAAA ns1.example.com.': {} };
    assert.equal((await check({ ...hidden, [at2]: { answers: [text('v')] } })).passed, true);
    const none = await check({ ...hidden, [at2]: { fails: 'unreachable' } });
    assert.equal(none.passed, false);
    assert.match(
      none.problem,
      /none of the 2 name servers .* can be asked from here .*--dns01-recursive-nameservers-only/u,
    );
  });

  test('one whose address nobody tells is waited for', async () => {
    const result = await check({
      'A ns1.example.com.': { fails: 'unreachable' },
      [at2]: { answers: [text('v')] },
    });
    assert.deepEqual([result.passed, result.views[0]?.trusted], [false, true]);
  });

  test('one whose address is answered by SERVFAIL is waited for: that is no clear no', async () => {
    const broken = {
      'A ns1.example.com.': { rcode: 'SERVFAIL' },
      'AAAA ns1.example.com.': { rcode: 'SERVFAIL' },
    };
    const result = await check({ ...broken, [at2]: { answers: [text('v')] } });
    assert.deepEqual([result.passed, result.views[0]?.trusted], [false, true]);
    assert.match(result.problem, /returned SERVFAIL for the address of ns1\.example\.com\.$/u);
  });

  test('CNAMEs are followed first, and inside one answer as well', async () => {
    const target = 'x.example.com.';
    const result = await check({
      [`CNAME ${fqdn}`]: { answers: [cname(fqdn, target)] },
      [`CNAME ${target}`]: {},
      [`TXT ${target} @198.51.100.1:53`]: { answers: [text('v', target)] },
      [`TXT ${target} @198.51.100.2:53,[2001:db8::2]:53`]: {
        answers: [cname(target, 'y.example.com.'), text('v', 'y.example.com.')],
      },
    });
    assert.deepEqual([result.passed, result.fqdn], [true, target]);
  });

  test('the time that a recursive server goes on saying no is waited, a minute at most', async () => {
    const negative = (ttl: number, minimum: number): Record<string, Scripted> => ({
      [`CNAME ${fqdn}`]: {
        rcode: 'NXDOMAIN',
        authorities: [{ type: 'SOA', name: 'example.com.', ttl, primary: 'ns.', serial: 1, minimum }],
      },
      [at1]: { answers: [text('v')] },
      [at2]: { answers: [text('v')] },
    });
    assert.equal((await check(negative(20, 600))).settleMs, 20_000);
    assert.equal((await check(negative(600, 15))).settleMs, 15_000);
    assert.equal((await check(negative(3600, 3600))).settleMs, 60_000);
    assert.equal((await check({ ...negative(20, 20), [at1]: {} })).settleMs, 0);
  });
});

test('recursive servers only: each of them has to have it, and nobody else is asked', async () => {
  const seen = { [`TXT ${fqdn} @${servers[0]}`]: { answers: [text('v')] } };
  const half = await check(seen, { recursiveOnly: true });
  assert.deepEqual(
    half.views.map(({ view, passed }) => [view, passed]),
    [
      [servers[0], true],
      [servers[1], false],
    ],
  );
  const both = await check(
    { ...seen, [`TXT ${fqdn} @${servers[1]}`]: { answers: [text('v')] } },
    { recursiveOnly: true },
  );
  assert.equal(both.passed, true);
});

test('an address without a way there does not speak for the silent one beside it', async () => {
  const inner = scriptResolver({ ...zone, [at1]: { answers: [text('v')] } });
  const resolver: DnsResolver = {
    query: (name, type, options) =>
      type === 'TXT' && options.servers.length === 2
        ? Promise.reject(
            new NoAnswerError(
              'nobody',
              options.servers.map((server, index) => ({ server, why: 'none', unreachable: index === 1 })),
            ),
          )
        : inner.query(name, type, options),
  };
  const { passed, views } = await checkPropagation(
    { resolver, zones: createZones({ resolver, now: () => 0 }) },
    { fqdn, matches: (value) => value === 'v', servers, recursiveOnly: false },
  );
  assert.deepEqual([passed, views.map(({ trusted }) => trusted)], [false, [true, true]]);
});

test('recursive servers that have it are not waited for, whatever one of them once said no to', async () => {
  const authorities = [
    { type: 'SOA' as const, name: 'example.com.', ttl: 30, primary: 'ns.', serial: 1, minimum: 30 },
  ];
  const seen = {
    [`CNAME ${fqdn}`]: { rcode: 'NXDOMAIN', authorities },
    [`TXT ${fqdn}`]: { answers: [text('v')] },
  };
  const { passed, settleMs } = await check(seen, { recursiveOnly: true });
  assert.deepEqual([passed, settleMs], [true, 0]);
});

test('the words about other values can be somebody else’s', async () => {
  const resolver = scriptResolver({ [`TXT ${fqdn}`]: { answers: [text('a'), text('b')] } });
  const { problem } = await checkPropagation(
    { resolver, zones: createZones({ resolver, now: () => 0 }) },
    {
      fqdn,
      matches: () => false,
      explain: (texts) => `just ${texts.join('+')}`,
      servers: ['192.0.2.53:53'],
      recursiveOnly: true,
    },
  );
  assert.equal(problem, `192.0.2.53:53: ${fqdn} has just a+b`);
});

suite('CNAMEs', () => {
  test('are followed while the answer is about the name that was asked for', async () => {
    const resolver = scriptResolver({
      'CNAME a.': { answers: [cname('evil.', 'worse.'), cname('a.', 'B.')] },
      'CNAME b.': { rcode: 'SERVFAIL', answers: [cname('b.', 'c.')] },
    });
    assert.deepEqual(await followCnames(resolver, 'A', { servers }), { fqdn: 'b.', negativeTtl: 0 });
  });

  test('in a circle, without an end, to what is no name, or of which nobody knows, are errors', async () => {
    const endless: Record<string, Scripted> = {};
    for (let index = 0; index < 40; index++)
      endless[`CNAME n${index}.`] = { answers: [cname(`n${index}.`, `n${index + 1}.`)] };
    await assert.rejects(followCnames(scriptResolver(endless), 'n0.', { servers }), CnameLoopError);
    const circle = scriptResolver({
      'CNAME a.': { answers: [cname('a.', 'b.')] },
      'CNAME b.': { answers: [cname('b.', 'a.')] },
    });
    await assert.rejects(
      followCnames(circle, 'a.', { servers }),
      /recursive CNAME record to "a\." when looking up "b\."/u,
    );
    const strange = scriptResolver({ 'CNAME a.': { answers: [cname('a.', String.raw`x\046y.`)] } });
    await assert.rejects(followCnames(strange, 'a.', { servers }), DomainNameError);
    const silent = scriptResolver({ 'CNAME a.': { fails: 'silent' } });
    await assert.rejects(followCnames(silent, 'a.', { servers }), NoAnswerError);
  });
});
