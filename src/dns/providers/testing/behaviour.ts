/** What every DNS provider must do, whatever its API: one suite, run against the server of each. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { DnsProvider, TxtRecord } from '../../provider.ts';
import { DnsProviderError } from '../errors.ts';
import type { ProviderWorld, RawAnswer } from './provider-world.ts';

export interface ProviderUnderTest extends AsyncDisposable {
  readonly world: ProviderWorld;
  /** A provider as a solver makes it: anew for each use. */
  open(): Promise<DnsProvider>;
  /** The values that the server holds at the name, unquoted. */
  values(fqdn: string): readonly string[];
  /** A value that somebody else put there, by other means. */
  seed(fqdn: string, value: string): void;
  /** What must not be found in any error. */
  readonly credentials: readonly string[];
}

export const FQDN = '_acme-challenge.example.com.';

export function txt(value: string, fqdn = FQDN): TxtRecord {
  return { fqdn, zone: 'example.com.', value, domain: 'example.com' };
}

export const FIRST = txt('Zm9yZXN0LWZpcnN0LXZhbHVlLW9mLTQzLWNoYXJhY3RlcnM');
export const SECOND = txt('c2Vjb25kLXZhbHVlLW9mLXRoZS13aWxkY2FyZC1pbi1pdDE');
const FOREIGN = 'v=spf1 include:"quoted" -all';

/** @param title of the provider */
export function behavesAsProvider(title: string, start: () => Promise<ProviderUnderTest>): void {
  const each = eachOf(title, start);

  each('a value is there after present, once, however often it is asked for', async (one) => {
    await (await one.open()).present(FIRST);
    await (await one.open()).present(FIRST);
    assert.deepEqual(one.values(FQDN), [FIRST.value]);
  });

  each('apex and wildcard share a name: two values, each taken away alone', async (one) => {
    await (await one.open()).present(FIRST);
    await (await one.open()).present(SECOND);
    assert.deepEqual(one.values(FQDN).toSorted(), [FIRST.value, SECOND.value].toSorted());
    await (await one.open()).cleanUp(FIRST);
    assert.deepEqual(one.values(FQDN), [SECOND.value]);
    await (await one.open()).cleanUp(SECOND);
    assert.deepEqual(one.values(FQDN), []);
  });

  each('values of others at the name stay', async (one) => {
    one.seed(FQDN, FOREIGN);
    await (await one.open()).present(FIRST);
    assert.deepEqual(one.values(FQDN).toSorted(), [FIRST.value, FOREIGN].toSorted());
    await (await one.open()).cleanUp(FIRST);
    assert.deepEqual(one.values(FQDN), [FOREIGN]);
    await (await one.open()).cleanUp(FIRST);
    assert.deepEqual(one.values(FQDN), [FOREIGN]);
  });

  each('taking away what never was there succeeds', async (one) => {
    await (await one.open()).cleanUp(FIRST);
    assert.deepEqual(one.values(FQDN), []);
  });

  each('answers that have grown since are read as before', async (one) => {
    one.world.dress = grown;
    one.seed(FQDN, FOREIGN);
    for (const record of [FIRST, SECOND, FIRST]) await (await one.open()).present(record);
    assert.deepEqual(one.values(FQDN).toSorted(), [FIRST.value, SECOND.value, FOREIGN].toSorted());
    for (const record of [FIRST, SECOND, FIRST]) await (await one.open()).cleanUp(record);
    assert.deepEqual(one.values(FQDN), [FOREIGN]);
  });

  each('two at the same moment both come through', async (one) => {
    one.seed(FQDN, FOREIGN);
    const providers = await Promise.all([one.open(), one.open()]);
    await Promise.all([providers[0].present(FIRST), providers[1].present(SECOND)]);
    assert.deepEqual(one.values(FQDN).toSorted(), [FIRST.value, SECOND.value, FOREIGN].toSorted());
    await Promise.all([providers[0].cleanUp(FIRST), providers[1].cleanUp(SECOND)]);
    assert.deepEqual(one.values(FQDN), [FOREIGN]);
  });

  faultsOf(title, start);
}

type Each = (name: string, run: (one: ProviderUnderTest) => Promise<void>) => void;

function eachOf(title: string, start: () => Promise<ProviderUnderTest>): Each {
  return (name, run) => {
    test(`${title}: ${name}`, async () => {
      await using one = await start();
      await run(one);
    });
  };
}

/** How faults of the server come out, whatever the provider does with values. */
export function faultsOf(title: string, start: () => Promise<ProviderUnderTest>, record = FIRST): void {
  const each = eachOf(title, start);
  for (const { name, answer, check } of faults)
    each(`${name}, from each request on`, async (one) => {
      for (const operation of ['present', 'cleanUp'] as const) {
        for (let from = 0; ; from += 1) {
          assert.ok(from < 12, 'one change takes a dozen requests');
          const before = one.world.requests.length;
          let struck = false;
          one.world.fault = (_request, index) => {
            if (index - before < from) return undefined;
            struck = true;
            return answer(one.credentials, index);
          };
          const failure = await (await open(one))?.[operation](record).then(() => undefined, failed);
          one.world.fault = undefined;
          if (!struck) break;
          if (failure !== undefined) {
            check(failure);
            for (const credential of one.credentials)
              assert.ok(!failure.message.includes(credential), failure.message);
            assert.ok(failure.message.length < 700, failure.message);
            assert.doesNotMatch(
              failure.message,
              /fault-\d/u,
              'what differs from answer to answer is left out',
            );
            assert.equal(failure.cause, undefined, 'causes are logged, with all that is in them');
          }
        }
        await (await one.open()).present(record);
      }
    });

  each('an abort is an abort, not a fault of the provider', async (one) => {
    const provider = await one.open();
    const reason = new Error('stopped');
    await assert.rejects(provider.present(record, AbortSignal.abort(reason)), (error) => error === reason);
  });

  /** Logging in is part of it: where that fails, the first request failed. */
  async function open(one: ProviderUnderTest): Promise<DnsProvider | undefined> {
    return await one.open().catch((error: unknown) => {
      const failure = failed(error);
      return { present: () => Promise.reject(failure), cleanUp: () => Promise.reject(failure) };
    });
  }
}

/** What APIs add without calling it a change: headers, fields, elements, attributes, white space. */
function grown(answer: RawAnswer): RawAnswer {
  const { body } = answer;
  const headers = { ...answer.headers, 'x-new': 'yes', deprecation: '@1800000000' };
  if (typeof body !== 'string')
    return { ...answer, headers, ...(body !== undefined && { body: withMore(body) }) };
  const more = '<New since="2027"><Id>/new/id</Id><Type>NEW</Type></New>';
  return {
    ...answer,
    headers,
    body: body
      .replaceAll(/<(?=\/?[A-Z])/gu, '\n  <')
      .replaceAll(/(?=<\/[A-Za-z]+(?:Set|Zone|Info|Response|Credentials)>)/gu, more),
  };
}

function withMore(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMore);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, withMore(field)]);
  return { aNewField: { id: 'new', list: [null] }, ...Object.fromEntries(fields), zNewField: null };
}

function failed(error: unknown): DnsProviderError {
  assert.ok(error instanceof DnsProviderError, `not a DnsProviderError: ${String(error)}`);
  return error;
}

interface Fault {
  readonly name: string;
  readonly answer: (credentials: readonly string[], index: number) => RawAnswer;
  readonly check: (failure: DnsProviderError) => void;
}

const retryable = (code: DnsProviderError['code']) => (failure: DnsProviderError) => {
  assert.equal(failure.code, code, failure.message);
  assert.equal(failure.retryable, true);
};

/** Shapes that no documentation of any provider knows. */
const STRANGE: readonly unknown[] = [
  'no JSON',
  '',
  [],
  null,
  '"text"',
  '17',
  {},
  { result: 5, success: 'yes' },
  { result: [null, 3, 'x'], success: true },
  { domain_records: 'none', meta: null, links: [] },
  { rrsets: {}, managedZones: [null], access_token: 5 },
  { properties: [], value: 1, rdata: 'x', access_token: {} },
  '<a><b>',
  '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  '<ListHostedZonesByNameResponse/>',
  'x'.repeat(100_000),
  '['.repeat(50_000),
];

const faults: readonly Fault[] = [
  {
    name: '429 asks to wait',
    answer: (credentials, index) => ({
      status: 429,
      headers: { 'retry-after': '17', 'x-request-id': `fault-${index}` },
      body: { message: `slow down, ${credentials.join()}`, request_id: `fault-${index}` },
    }),
    check: (failure) => {
      retryable('dns-provider/throttled')(failure);
      assert.equal(failure.retryAfterMs, 17_000);
    },
  },
  {
    name: '503 is trouble of the server',
    answer: (credentials, index) => ({ status: 503, body: `fault-${index} ${credentials.join(' ')}` }),
    check: retryable('dns-provider/unavailable'),
  },
  {
    name: 'a cut connection is no answer',
    answer: () => ({ status: 0, cut: true }),
    check: retryable('dns-provider/unavailable'),
  },
  {
    name: '403 is a refusal that waiting does not change',
    answer: (credentials, index) => ({
      status: 403,
      body: { message: `no: ${credentials.join()} (request id: fault-${index})` },
    }),
    check: (failure) => {
      assert.equal(failure.code, 'dns-provider/denied', failure.message);
      assert.equal(failure.retryable, false);
    },
  },
  {
    name: 'a redirect is not followed',
    answer: () => ({ status: 302, headers: { location: 'http://169.254.169.254/' } }),
    check: (failure) => assert.equal(failure.code, 'dns-provider/unexpected-answer'),
  },
  ...STRANGE.map((body, index) => ({
    name: `strange answer ${index}`,
    answer: () => ({ status: 200, body: body === null ? 'null' : body }),
    // Some of them are right by chance for some request; what matters is that nothing but our own error comes out.
    check: (failure: DnsProviderError) => assert.match(failure.code, /^dns-provider\//u),
  })),
];
