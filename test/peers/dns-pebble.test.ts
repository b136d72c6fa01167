/** Certificates by DNS challenges: Pebble validates, BIND answers, nothing is taken on trust. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { suite, test } from 'node:test';

import { certificates } from '../../src/api/resources.ts';
import type { Solver } from '../../src/api/solver.ts';
import { parsePersistRecord } from '../../src/solvers/dns-persist01/record.ts';
import { sendUpdate } from '../../src/dns/update-exchange.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { DnsAcmeWorld, namespace } from './dns-acme-world.ts';

const key = { name: 'certwright', algorithm: 'hmac-sha512', secret: Buffer.alloc(64, 7).toString('base64') };

/** Writes at the server of the zone with the key, as the controllers do. */
function rfc2136(world: DnsAcmeWorld, more: Partial<NonNullable<Solver['dns01']>> = {}): Solver {
  return {
    dns01: {
      rfc2136: {
        nameserver: world.bind.server,
        tsigKeyName: key.name,
        tsigAlgorithm: 'HMACSHA512',
        tsigSecretSecretRef: { name: 'tsig', key: 'secret' },
      },
      ...more,
    },
  };
}

function namesOf(pem: string): string[] {
  return (new X509Certificate(pem).subjectAltName ?? '').split(', ').toSorted();
}

suite('DNS-01 through BIND', () => {
  test('a wildcard with its apex: two values at one name, both gone afterwards, that of somebody else still there', async () => {
    await using world = await DnsAcmeWorld.start({
      keys: [key],
      zones: [
        { name: '.' },
        { name: 'example.test', allowUpdate: [key.name], records: ['_acme-challenge TXT "somebody-else"'] },
      ],
    });
    await world.secret('tsig', { secret: key.secret });
    await world.issuer('pebble', [rfc2136(world)]);
    await world.certificate('wildcard', 'pebble', ['example.test', '*.example.test']);
    assert.deepEqual(namesOf(await world.issued('wildcard')), ['DNS:*.example.test', 'DNS:example.test']);
    await world.challengesOnceSeen((all) => all.every(({ status }) => status?.presented !== true));
    assert.deepEqual(await world.bind.dig('_acme-challenge.example.test', 'TXT'), ['"somebody-else"']);
  });

  test('a name whose challenges are delegated by a CNAME into another zone', async () => {
    await using world = await DnsAcmeWorld.start({
      keys: [key],
      recursive: true,
      zones: [
        { name: '.' },
        {
          name: 'example.test',
          allowUpdate: [key.name],
          records: ['_acme-challenge.www CNAME www.delegated.test.'],
          ttl: 0,
        },
        { name: 'delegated.test', allowUpdate: [key.name] },
      ],
    });
    await world.secret('tsig', { secret: key.secret });
    await world.issuer('pebble', [rfc2136(world, { cnameStrategy: 'Follow' })]);
    await world.certificate('www', 'pebble', ['www.example.test']);
    assert.deepEqual(namesOf(await world.issued('www')), ['DNS:www.example.test']);
    await world.challengesOnceSeen((all) => all.every(({ status }) => status?.presented !== true));
    assert.deepEqual(await world.bind.dig('www.delegated.test', 'TXT'), []);
  });

  test('a record that was written before a crash is removed after it, where the CNAME led then', async () => {
    const alias = '_acme-challenge.www.example.test';
    await using world = await DnsAcmeWorld.start({
      keys: [key],
      recursive: true,
      zones: [
        { name: '.' },
        {
          name: 'example.test',
          allowUpdate: ['any'],
          records: [`${alias}. CNAME old.delegated.test.`],
          ttl: 0,
        },
        { name: 'delegated.test', allowUpdate: [key.name] },
      ],
    });
    await world.secret('tsig', { secret: key.secret });
    // Nobody tells the CA to look: the record is there, and stays.
    await world.issuer('pebble', [
      { ...rfc2136(world, { cnameStrategy: 'Follow' }), waitInsteadOfSelfCheck: '1h' },
    ]);
    await world.certificate('www', 'pebble', ['www.example.test']);
    await world.challengesOnceSeen((all) => all[0]?.status?.presented === true);
    assert.equal((await world.bind.dig('old.delegated.test', 'TXT')).length, 1);
    await world.halt();
    await world.bind.update(
      `update delete ${alias}. CNAME`,
      `update add ${alias}. 0 CNAME new.delegated.test.`,
    );
    assert.deepEqual(await world.bind.dig(alias, 'CNAME'), ['new.delegated.test.']);
    await world.client.delete(certificates, { namespace, name: 'www' });
    await world.begin();
    await world.challengesOnceSeen((all) => all.length === 0);
    assert.deepEqual(await world.bind.dig('old.delegated.test', 'TXT'), []);
  });

  test('a wrong key shows in the Challenge as what the server said', async () => {
    await using world = await DnsAcmeWorld.start({
      keys: [key],
      zones: [{ name: '.' }, { name: 'example.test', allowUpdate: [key.name] }],
    });
    await world.secret('tsig', { secret: Buffer.from('another').toString('base64') });
    await world.issuer('pebble', [rfc2136(world)]);
    await world.certificate('broken', 'pebble', ['example.test']);
    const [challenge] = await world.challengesOnceSeen((all) =>
      (all[0]?.status?.reason ?? '').includes('BADSIG'),
    );
    assert.match(
      challenge?.status?.reason ?? '',
      /^Error presenting challenge: .*another secret for the key certwright \(BADSIG\)/u,
    );
    assert.equal(challenge?.status?.presented ?? false, false);
  });
});

suite('DNS-PERSIST-01 through BIND', () => {
  test('the Challenge says which record to set; once it is there, it is all that a wildcard needs', async () => {
    await using world = await DnsAcmeWorld.start({
      zones: [{ name: '.' }, { name: 'example.test', allowUpdate: ['any'] }],
    });
    await world.issuer('pebble', [{ dnsPersist01: {} }]);
    await world.certificate('persist', 'pebble', ['*.example.test']);
    const said = /set this record once: (\S+) IN TXT ((?:"[^"]*" ?)+)/u;
    const [challenge] = await world.challengesOnceSeen((all) => said.test(all[0]?.status?.reason ?? ''));
    const [, fqdn = '', strings = ''] = said.exec(challenge?.status?.reason ?? '') ?? [];
    assert.equal(fqdn, '_validation-persist.example.test.');
    const value = strings.replaceAll(/"\s*"/gu, '').replaceAll('"', '').trim();
    const record = parsePersistRecord(value);
    assert.ok(!('malformed' in record) && record.wildcard, value);

    // A person does what the Challenge says.
    await sendUpdate(
      { clock: systemClock, randomId: () => 7 },
      { address: world.bind.address, port: world.bind.port, protocol: 'UDP' },
      { action: 'add', zone: 'example.test.', fqdn, value, ttl: 60 },
    );
    assert.deepEqual(namesOf(await world.issued('persist')), ['DNS:*.example.test']);
    assert.equal((await world.bind.dig(fqdn, 'TXT')).length, 1);
  });
});
