/** Where a name leads, by the system and by servers, and what is said when it leads nowhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DnsAnswer, DnsResolver } from '../../../dns/resolver.ts';
import { byServers, bySystem } from './resolve-name.ts';

const system = bySystem((host) =>
  host === 'dns.test'
    ? Promise.resolve(['10.96.0.10', '2001:db8::53'])
    : Promise.reject(
        Object.assign(new Error('x'), { code: host === 'down.test' ? 'EAI_AGAIN' : 'ENOTFOUND' }),
      ),
);

function resolver(
  answer: (name: string, type: string, servers: readonly string[]) => Partial<DnsAnswer>,
): DnsResolver {
  return {
    async query(name, type, { servers }) {
      const base = {
        server: servers[0] ?? '',
        rcode: 'NOERROR',
        authoritative: false,
        answers: [],
        authorities: [],
      };
      return { ...base, ...answer(name, type, servers) };
    },
  };
}

test('by the system: at most two of each family, and the reason where there is none', async () => {
  const many = bySystem(() =>
    Promise.resolve(['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1', '192.0.2.1']),
  );
  assert.deepEqual(await many('a.test'), { addresses: ['2001:db8::1', '192.0.2.1', '192.0.2.2'] });
  for (const [host, words] of [
    ['gone.test', /knows no address of gone\.test/],
    ['down.test', /gave no answer for down\.test \(EAI_AGAIN\)/],
  ] as const) {
    const found = await system(host);
    assert.ok('problem' in found);
    assert.match('detail' in found.problem ? found.problem.detail : '', words);
    assert.equal(found.problem.unknown === true, host === 'down.test');
  }
  assert.deepEqual(await system('192.0.2.7'), { addresses: ['192.0.2.7'] });
});

test('by servers: names become A-labels, servers that are names are looked up first', async () => {
  const asked: string[] = [];
  const resolve = byServers(
    resolver((name, type, servers) => {
      asked.push(`${type} ${name} ${servers.join(' ')}`);
      return type === 'A'
        ? {
            answers: [
              { type: 'CNAME', name, ttl: 1, target: 'b.test.' },
              { type: 'A', name: 'b.test.', ttl: 1, address: '192.0.2.9' },
            ],
          }
        : {};
    }),
    ['dns.test:53', '192.0.2.53:5353', 'https://dns.example/dns-query'],
    system,
  );
  assert.deepEqual(await resolve('bücher.test'), { addresses: ['192.0.2.9'] });
  const servers = '10.96.0.10:53 192.0.2.53:5353 https://dns.example/dns-query'.replace(
    '10.96.0.10:53',
    '[2001:db8::53]:53 10.96.0.10:53',
  );
  assert.deepEqual(
    asked.toSorted((a, b) => (a < b ? -1 : 1)),
    [`A xn--bcher-kva.test. ${servers}`, `AAAA xn--bcher-kva.test. ${servers}`],
  );
});

test('by servers: no name, a refusal and silence are told apart', async () => {
  const silent: DnsResolver = { query: () => Promise.reject(new Error('silence')) };
  for (const [by, words] of [
    [resolver(() => ({ rcode: 'NXDOMAIN' })), /knows no address/],
    [resolver(() => ({ rcode: 'SERVFAIL' })), /answered SERVFAIL/],
    [silent, /gave no answer/],
  ] as const) {
    const found = await byServers(by, ['192.0.2.53:53'], system)('a.test');
    assert.ok('problem' in found && 'detail' in found.problem);
    assert.match(found.problem.detail, words);
    assert.equal(found.problem.unknown === true, !words.source.startsWith('knows'));
  }
});
