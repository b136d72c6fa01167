import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SolverConfigurationError, SolverError, SolverNotServedError } from '../errors.ts';
import { createDns01Solver } from './dns01-solver.ts';
import { cname, Dns01World, text } from './testing/dns01-world.ts';

const webhook = { groupName: 'acme.example.com', solverName: 'table' };
const plain = '_acme-challenge.example.com.';
const target = 'x.delegated.test.';

const failsWith =
  (code: string, why: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof SolverError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, why);
    assert.doesNotMatch(error.message, /the-value-of-the-record/u);
    return true;
  };

suite('where the record is written', () => {
  test('at the name itself, in the zone that holds it, when CNAMEs are not to be followed', async () => {
    const world = new Dns01World({ [`CNAME ${plain}`]: cname(plain, target) });
    const context = await world.context({ webhook });
    const solver = createDns01Solver(world.deps);
    await solver.present(context);
    await solver.cleanUp(context);
    assert.deepEqual(
      world.told.map(({ action, resolvedFQDN, resolvedZone }) => [action, resolvedFQDN, resolvedZone]),
      [
        ['Present', plain, 'example.com.'],
        ['CleanUp', plain, 'example.com.'],
      ],
    );
    assert.deepEqual(
      world.client.writes.filter(({ verb }) => verb === 'patch'),
      [],
    );
  });

  test('where a CNAME leads, which the Challenge remembers before it is done', async () => {
    const world = new Dns01World({ [`CNAME ${plain}`]: cname(plain, target) });
    const context = await world.context({ webhook, cnameStrategy: 'Follow' });
    const patchesThen: number[] = [];
    world.reply = () => {
      patchesThen.push(world.client.writes.filter(({ verb }) => verb === 'patch').length);
      return { response: { success: true } };
    };
    const solver = createDns01Solver(world.deps);
    await solver.present(context);
    assert.deepEqual(patchesThen, [1]);
    assert.deepEqual([world.told[0]?.resolvedFQDN, world.told[0]?.resolvedZone], [target, 'delegated.test.']);
    const later = await world.again(context);
    assert.deepEqual(later.challenge.status?.writtenNames, [target]);
    await solver.present(later);
    await solver.present(context);
    assert.equal(world.client.writes.filter(({ verb }) => verb === 'patch').length, 1);
  });

  test('is cleaned up after a restart, though the CNAME leads elsewhere by then, or nowhere', async () => {
    for (const [now, cleaned] of [
      [cname(plain, 'y.delegated.test.'), [target, 'y.delegated.test.']],
      [{ fails: 'silent' } as const, [target]],
      [cname(plain, plain), [target]],
    ] as const) {
      const world = new Dns01World({ [`CNAME ${plain}`]: cname(plain, target) });
      const context = await world.context({ webhook, cnameStrategy: 'Follow' });
      await createDns01Solver(world.deps).present(context);
      world.script[`CNAME ${plain}`] = now;
      const next = new Dns01World(world.script, { client: world.client });
      await createDns01Solver(next.deps).cleanUp(await world.again(context));
      assert.deepEqual(
        next.told.map(({ resolvedFQDN }) => resolvedFQDN),
        cleaned,
      );
    }
  });

  test('is nothing that whoever may edit the Challenge can choose', async () => {
    const world = new Dns01World({ [`CNAME ${plain}`]: cname(plain, target) });
    const context = await world.context({ webhook, cnameStrategy: 'Follow' });
    const annotations = { 'certwright.dev/dns01-written-names': '_dmarc.delegated.test.' };
    const { challenge } = context;
    const edited = { ...challenge, metadata: { ...challenge.metadata, annotations } };
    await createDns01Solver(world.deps).cleanUp({ ...context, challenge: edited });
    assert.deepEqual(
      world.told.map(({ resolvedFQDN }) => resolvedFQDN),
      [target],
    );
  });

  test('of a Challenge that another controller has presented is where the CNAME leads now', async () => {
    const world = new Dns01World({ [`CNAME ${plain}`]: cname(plain, target) });
    await createDns01Solver(world.deps).cleanUp(await world.context({ webhook, cnameStrategy: 'Follow' }));
    assert.deepEqual(
      world.told.map(({ resolvedFQDN }) => resolvedFQDN),
      [target],
    );
  });

  test('one name that cannot be cleaned keeps no other from being cleaned, and is told', async () => {
    const world = new Dns01World({
      [`CNAME ${plain}`]: cname(plain, target),
      'SOA delegated.test.': {},
      'SOA test.': { rcode: 'SERVFAIL' },
    });
    const context = await world.context({ webhook, cnameStrategy: 'Follow' });
    const status = { ...context.challenge.status, writtenNames: ['bad name', target, 'z.example.com.'] };
    const remembered = { ...context, challenge: { ...context.challenge, status } };
    await assert.rejects(
      createDns01Solver(world.deps).cleanUp(remembered),
      failsWith('solver/unavailable', /^the TXT record could not be removed for example\.com: .*SERVFAIL/u),
    );
    assert.deepEqual(
      world.told.map(({ resolvedFQDN }) => resolvedFQDN),
      ['z.example.com.'],
    );
  });
});

suite('what keeps it from being written', () => {
  test('a zone that is not found: no webhook is called', async () => {
    const world = new Dns01World({ 'SOA example.com.': {}, 'SOA com.': {} });
    await assert.rejects(
      createDns01Solver(world.deps).present(await world.context({ webhook })),
      failsWith('solver/unavailable', /Could not find the SOA record/u),
    );
    assert.deepEqual(world.told, []);
  });

  test('a provider that finds zones by itself does without', async () => {
    const world = new Dns01World({ 'SOA example.com.': { rcode: 'REFUSED' } });
    await world.secret('account', { 'acmedns.json': '{}' });
    const acmeDNS = {
      host: 'https://acme-dns.example',
      accountSecretRef: { name: 'account', key: 'acmedns.json' },
    };
    await assert.rejects(
      createDns01Solver(world.deps).present(await world.context({ acmeDNS })),
      failsWith('solver/reference', /account credentials not found for domain/u),
    );
  });

  test('Secrets, entries, providers and groups that are not there are named', async () => {
    const world = new Dns01World();
    await world.secret('tsig', { other: 'x' });
    const rfc2136 = {
      nameserver: '192.0.2.1',
      tsigKeyName: 'key',
      tsigSecretSecretRef: { name: 'tsig', key: 'secret' },
    };
    const solver = createDns01Solver(world.deps);
    const context = await world.context({ rfc2136 });
    await assert.rejects(
      solver.present(context),
      failsWith('solver/reference', /Secret system\/tsig has no entry "secret"/u),
    );
    await assert.rejects(
      solver.present({ ...context, resourceNamespace: 'elsewhere' }),
      failsWith('solver/reference', /Secret elsewhere\/tsig does not exist/u),
    );
    const other = (dns01: object) => ({
      ...context,
      challenge: { ...context.challenge, spec: { ...context.challenge.spec, solver: { dns01 } } },
    });
    await assert.rejects(solver.present(other({})), SolverConfigurationError);
    await assert.rejects(
      solver.present(other({ exec: { name: 'x' } })),
      (error) => error instanceof SolverNotServedError && /works without a cluster only/u.test(error.message),
    );
  });
});

suite('the check', () => {
  test('asks the servers of the solver, where it names some, and nobody else', async () => {
    const own = '198.51.100.53:53';
    const world = new Dns01World({ [`TXT ${plain} @${own}`]: text(plain, 'the-value-of-the-record') });
    const solver = createDns01Solver(world.deps);
    const context = await world.context({ webhook, nameservers: [own] });
    assert.deepEqual(await solver.check(context), {
      passed: true,
      views: [{ view: own, passed: true, trusted: true, answer: 'the record is there' }],
      problem: '',
      settleMs: 0,
    });
    world.script[`TXT ${plain} @${own}`] = text(plain, 'another');
    const { passed, problem } = await solver.check(context);
    assert.equal(passed, false);
    assert.match(
      problem,
      /^DNS record for "example\.com" not yet propagated: 198\.51\.100\.53:53: .* with another value$/u,
    );
  });

  test('asks authoritative servers otherwise, and says when it cannot look at all', async () => {
    const world = new Dns01World({ 'NS example.com.': {} });
    const { passed, problem, views } = await createDns01Solver(world.deps).check(
      await world.context({ webhook }),
    );
    assert.deepEqual([passed, views], [false, []]);
    assert.match(
      problem,
      /cannot be looked for: Could not determine authoritative nameservers for "example\.com\."/u,
    );
  });

  test('uses the servers of the flags before those of the machine', async () => {
    const flagged = ['203.0.113.1:53'];
    const settings = new Dns01World().deps.settings;
    const world = new Dns01World(
      { [`TXT ${plain} @${flagged[0]}`]: text(plain, 'the-value-of-the-record') },
      {
        settings: {
          ...settings,
          dns: { ...settings.dns, recursiveNameservers: flagged, recursiveNameserversOnly: true },
        },
      },
    );
    assert.equal((await createDns01Solver(world.deps).check(await world.context({ webhook }))).passed, true);
  });
});
