import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Challenge } from '../../api/challenge.ts';
import type { DnsPersist01Solver } from '../../api/solver-dns-persist01.ts';
import { Dns01World, start, text } from '../dns01/testing/dns01-world.ts';
import { SolverConfigurationError, SolverUnavailableError } from '../errors.ts';
import type { CheckResult, SolverContext } from '../solver.ts';
import { createDnsPersist01Solver } from './dns-persist01-solver.ts';

const server = '192.0.2.53:53';
const name = '_validation-persist.example.com.';
const account = 'https://ca.example/acct/1';
const right = `authority.example; accounturi=${account}; policy=wildcard`;

async function check(
  section: DnsPersist01Solver,
  there: string[],
  more: Partial<SolverContext> = {},
): Promise<{ result: CheckResult; world: Dns01World }> {
  const found = there.flatMap((value) => text(name, value).answers ?? []);
  const world = new Dns01World({ [`TXT ${name} @${server}`]: { answers: found } });
  const context = await world.context({});
  const challenge: Challenge = {
    ...context.challenge,
    spec: {
      ...context.challenge.spec,
      type: 'DNS-PERSIST-01',
      solver: { dnsPersist01: { nameservers: [server], ...section } },
    },
  };
  const solver = createDnsPersist01Solver(world.deps);
  const whole = {
    ...context,
    challenge,
    accountUri: account,
    issuerDomainNames: ['authority.example', 'ca.example.net'],
    ...more,
  };
  await solver.present(whole);
  const result = await solver.check(whole);
  await solver.cleanUp(whole);
  return { result, world };
}

suite('DNS-PERSIST-01', () => {
  test('passes when any name of the CA and the account of the issuer are there; nothing is ever written', async () => {
    for (const value of [right, right.replace('authority.example', 'ca.example.net')]) {
      const { result, world } = await check({}, ['v=spf1 -all', value]);
      assert.deepEqual([result.passed, result.problem, result.notice], [true, '', undefined]);
      assert.deepEqual(world.requests, []);
      assert.deepEqual(
        world.client.writes.map(({ verb }) => verb),
        ['create'],
      );
    }
  });

  test('says which record to set, and what is wrong with the one that is there', async () => {
    const { result } = await check({}, []);
    assert.equal(result.passed, false);
    assert.match(
      result.problem,
      /^set this record once: _validation-persist\.example\.com\. IN TXT "authority\.example; accounturi=https:\/\/ca\.example\/acct\/1; policy=wildcard" \(192\.0\.2\.53:53: _validation-persist\.example\.com\. has no TXT record\)$/u,
    );
    const wrong = async (...values: string[]): Promise<string> =>
      (await check({}, values)).result.views[0]?.answer ?? '';
    assert.match(
      await wrong(right.replace('acct/1', 'acct/2')),
      /that does not do: it names another ACME account$/u,
    );
    assert.match(await wrong(right.replace('; policy=wildcard', '')), /no policy=wildcard/u);
    assert.match(
      await wrong('other.example; accounturi=x', 'v=spf1 -all'),
      /has no TXT record for authority\.example or ca\.example\.net$/u,
    );
  });

  test('prints what the issuer asks for', async () => {
    const until = start / 1000 + 5000;
    const { result } = await check({ issuerDomainName: 'CA.example.net', persistUntil: until }, []);
    assert.match(
      result.problem,
      new RegExp(`"ca\\.example\\.net; accounturi=${account}; policy=wildcard; persistUntil=${until}"`, 'u'),
    );
  });

  test('tells of a record that will end, as soon as it is found', async () => {
    const { result } = await check({}, [
      `${right}; persistUntil=${start / 1000 + 86_400}`,
      `${right}; persistUntil=${start / 1000 + 20 * 86_400}`,
    ]);
    assert.equal(result.passed, true);
    assert.match(result.notice ?? '', /ends at 2026-11-23 07:00 UTC/u);
  });

  test('what is not known or does not fit is an error that says so', async () => {
    await assert.rejects(
      check({}, [], { accountUri: '' }),
      (error) => error instanceof SolverUnavailableError && /is the issuer Ready/u.test(error.message),
    );
    await assert.rejects(
      check({}, [], { issuerDomainNames: [] }),
      (error) =>
        error instanceof SolverUnavailableError && /set dnsPersist01\.issuerDomainName/u.test(error.message),
    );
    await assert.rejects(
      check({ issuerDomainName: 'x.example' }, []),
      (error) =>
        error instanceof SolverConfigurationError &&
        /authority\.example, ca\.example\.net/u.test(error.message),
    );
    await assert.rejects(
      check({ persistUntil: 1 }, []),
      (error) => error instanceof SolverConfigurationError && /is over/u.test(error.message),
    );
    const many = Array.from({ length: 11 }, (_, index) => `n${index}.example`);
    await assert.rejects(check({}, [], { issuerDomainNames: many }), /malformed/u);
  });
});
