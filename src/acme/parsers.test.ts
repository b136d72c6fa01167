/** Everything that reads a CA's bytes: what is understood, what is refused, and that nothing else ever happens. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { links, location, longestRetryMs, retryAfter } from './answer-headers.ts';
import { parseDirectory } from './directory.ts';
import { AcmeError, AcmeProtocolError } from './errors.ts';
import { problemError, problemOf } from './problem.ts';
import { boundedText, displayUrl, isSaneUrl, timestamp } from './read-fields.ts';
import {
  parseAccount,
  parseAuthorization,
  parseChallenge,
  parseOrder,
  parseRenewalInfo,
} from './resources.ts';

const base = 'https://ca.example/dir';
const now = Date.parse('2026-11-22T08:00:00Z');
const url = (path: string): string => `https://ca.example/${path}`;

const directory = {
  newNonce: url('n'),
  newAccount: url('a'),
  newOrder: url('o'),
  meta: {
    profiles: { short: 'six days' },
    caaIdentities: ['ca.example'],
    termsOfService: 'data:text/plain,be%20nice',
  },
};
const problem = {
  type: 'urn:ietf:params:acme:error:caa',
  detail: 'no',
  identifier: { type: 'dns', value: 'a.example' },
};
const order = {
  status: 'invalid',
  expires: '2026-12-01T00:00:00.123Z',
  identifiers: [
    { type: 'dns', value: 'a.example' },
    { type: 'ip', value: '::1' },
  ],
  authorizations: [url('z/1')],
  finalize: url('f/1'),
  certificate: url('c/1'),
  error: { type: 'urn:ietf:params:acme:error:compound', detail: 'several', subproblems: [problem] },
};
const challenge = {
  type: 'dns-persist-01',
  url: url('h/1'),
  status: 'pending',
  'issuer-domain-names': ['CA.example', 7],
};
const authorization = {
  status: 'valid',
  identifier: { type: 'dns', value: '*.a.example' },
  challenges: [challenge],
};
const renewalInfo = { suggestedWindow: { start: '2026-12-01T00:00:00Z', end: '2026-12-02T00:00:00+01:00' } };

type Reader = (body: string) => unknown;
const readers: Readonly<Record<string, [seed: unknown, read: Reader]>> = {
  directory: [directory, (body) => parseDirectory(body, base)],
  order: [order, (body) => parseOrder(body, url('order'), base)],
  authorization: [authorization, (body) => parseAuthorization(body, url('z/1'), base)],
  challenge: [challenge, (body) => parseChallenge(body, base)],
  account: [{ status: 'valid', contact: ['mailto:a@b'] }, (body) => parseAccount(body, url('acct'))],
  'renewal information': [renewalInfo, (body) => parseRenewalInfo(body)],
  problem: [
    problem,
    (body) =>
      problemError({ status: 400, headers: {}, body: Buffer.from(body) }, { method: 'GET', url: base }, now),
  ],
};

describe('readers of a CA', () => {
  it('understand what RFC 8555, RFC 9773 and their drafts show', () => {
    const found = parseOrder(JSON.stringify(order), url('order'), base);
    assert.deepEqual(
      [found.status, found.certificate, found.authorizations],
      ['invalid', url('c/1'), [url('z/1')]],
    );
    assert.deepEqual(found.identifiers, order.identifiers);
    assert.deepEqual(found.error?.subproblems[0]?.identifier, problem.identifier);
    const read = parseAuthorization(JSON.stringify(authorization), url('z/1'), base);
    assert.deepEqual([read.identifier.value, read.wildcard], ['a.example', true]);
    assert.deepEqual(read.challenges[0]?.issuerDomainNames, ['ca.example']);
    const where = parseDirectory(JSON.stringify(directory), base);
    assert.deepEqual(where.profiles, { short: 'six days' });
    assert.equal(where.termsOfService, 'data:text/plain,be%20nice');
    assert.equal(parseRenewalInfo(JSON.stringify(renewalInfo)).end, Date.parse('2026-12-01T23:00:00Z'));
  });
  it('refuse what is nested deeper than anything can be written out', () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    for (const field of ['status', 'finalize', 'authorizations'])
      assert.throws(
        () => parseOrder(`{"status":"ready","${field}":${deep}}`, url('order'), base),
        AcmeProtocolError,
      );
  });
  it('know no profile whose name is no line of text', () => {
    const meta = { profiles: { 'two\nlines': 'x', ['x'.repeat(65)]: 'x', short: 'six\u0000days' } };
    assert.deepEqual(parseDirectory(JSON.stringify({ ...directory, meta }), base).profiles, {
      short: 'six days',
    });
  });
  it('refuse what would be dangerous or senseless', () => {
    const wrong: [keyof typeof readers, object][] = [
      ['order', { ...order, status: 'dreaming' }],
      ['order', { ...order, finalize: 'file:///etc/passwd' }],
      ['order', { ...order, finalize: 'http://ca.example/downgrade' }],
      ['order', { ...order, finalize: 'https://u:p@ca.example/' }],
      ['order', { ...order, authorizations: ['gopher://x'] }],
      ['order', { ...order, authorizations: Array.from({ length: 3000 }, () => url('z')) }],
      ['order', { ...order, authorizations: 'all' }],
      ['challenge', { ...challenge, token: '../../etc/passwd' }],
      ['challenge', { ...challenge, token: 'a b' }],
      ['challenge', { ...challenge, type: 'x'.repeat(65) }],
      ['challenge', { ...challenge, url: undefined }],
      ['authorization', { ...authorization, identifier: { type: 'dns', value: 'a/../b' } }],
      ['authorization', { ...authorization, identifier: { type: 'email', value: 'a' } }],
      ['authorization', { ...authorization, identifier: undefined }],
      ['account', { status: 'sold' }],
      [
        'renewal information',
        { suggestedWindow: { start: '2026-12-02T00:00:00Z', end: '2026-12-01T00:00:00Z' } },
      ],
      ['renewal information', {}],
      ['directory', { ...directory, newNonce: 'ca.example' }],
    ];
    for (const [name, value] of wrong)
      assert.throws(
        () => readers[name]?.[1](JSON.stringify(value)),
        AcmeProtocolError,
        `${name} ${JSON.stringify(value).slice(0, 200)}`,
      );
  });
  for (const [name, [seed, read]] of Object.entries(readers)) {
    const tame = (body: string): void => {
      try {
        const value = read(body);
        const size = JSON.stringify(value instanceof Error ? value.message : value).length;
        assert.ok(size < 4_000_000, `${size} characters came out`);
      } catch (error) {
        assert.ok(error instanceof AcmeError, String(error));
        assert.ok(error.message.length < 60_000);
      }
    };
    it(`of ${name} answer or refuse whatever is sent`, () => {
      fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), tame));
      tame('['.repeat(100_000));
      tame(
        `{"type":${JSON.stringify('x'.repeat(900_000))},"detail":${JSON.stringify('\u202e'.repeat(100_000))}}`,
      );
    });
    it(`of ${name} bear any field replaced by anything`, () => {
      const paths = fieldPaths(seed);
      fc.assert(
        fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
          tame(JSON.stringify(withField(seed, path, value)));
        }),
      );
    });
  }
});

function fieldPaths(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, entry]) => fieldPaths(entry, [...path, key]))];
}
function withField(value: unknown, [key, ...rest]: string[], replacement: unknown): unknown {
  if (key === undefined) return replacement;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = withField(copy[key], rest, replacement);
  return copy;
}

describe('Retry-After', () => {
  const date = (at: number): string => new Date(at).toUTCString();
  it('is seconds or a date, between now and a week', () => {
    const cases: [string | string[] | undefined, number | undefined][] = [
      ['0', 0],
      ['120', 120_000],
      [['3', '9'], 3000],
      ['99999999999999999999', longestRetryMs],
      [date(now + 60_000), 60_000],
      [date(now - 60_000), 0],
      ['Sun Nov 22 08:01:00 2026', 60_000],
      ['Sunday, 22-Nov-26 08:01:00 GMT', 60_000],
      ['-5', undefined],
      ['1.5', undefined],
      ['soon', undefined],
      ['', undefined],
      [undefined, undefined],
    ];
    for (const [value, expected] of cases)
      assert.equal(retryAfter({ 'retry-after': value }, now), expected, String(value));
  });
  it('is never beyond its bounds, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (value, theirs) => {
        const wait = retryAfter({ 'retry-after': value, date: theirs }, now);
        assert.ok(wait === undefined || (wait >= 0 && wait <= longestRetryMs));
      }),
    );
  });
});

describe('Link', () => {
  it('gives the targets of a relation, absolute and each once', () => {
    const link = [
      `<${url('dir')}>;rel="index"`,
      '</alt/1>;rel="alternate", <https://ca.example/alt/2>; title="a;b"; rel=alternate',
      '<https://ca.example/alt/1>;rel="x Alternate"',
      '</no>;rel="not-alternate", </no>;rel="alternates", </no>;title="rel=alternate"',
      '<http://evil.example/>;rel="alternate", <javascript:x>;rel="alternate", <>;rel="alternate',
    ];
    assert.deepEqual(links({ link }, 'alternate', base), [url('alt/1'), url('alt/2')]);
    assert.deepEqual(links({}, 'alternate', base), []);
    assert.equal(
      links({ link: Array.from({ length: 500 }, (_, at) => `</a/${at}>;rel="alternate"`) }, 'alternate', base)
        .length,
      32,
    );
  });
  it('is read in linear time, and gives only sane URLs', () => {
    links({ link: '<'.repeat(16_000) }, 'alternate', base);
    links({ link: `<a>${';rel='.repeat(3000)}` }, 'alternate', base);
    fc.assert(
      fc.property(fc.string(), (link) => {
        for (const found of links({ link }, 'alternate', base)) assert.ok(isSaneUrl(found, base));
        const at = location({ location: link }, base);
        assert.ok(at === undefined || isSaneUrl(at, base));
      }),
    );
  });
});

describe('texts of a CA', () => {
  it('are bounded and hold no control characters', () => {
    assert.equal(boundedText('a\u0000\n\u202e\u200bb', 10), 'a b');
    assert.equal(boundedText('abcdef', 4), 'abc…');
    assert.equal(boundedText('ab😀d', 4), 'ab…');
    assert.equal(boundedText(7, 4), undefined);
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.integer({ min: 1, max: 100 }),
        (text, max) => {
          const found = boundedText(text, max) ?? '';
          assert.ok(found.length <= max && found.isWellFormed() && !/\p{Cc}/u.test(found));
        },
      ),
    );
  });
  it('count as a problem document when they are one, whatever they are called', () => {
    const read = (body: string, type: string) =>
      problemError(
        { status: 502, headers: { 'content-type': type }, body: Buffer.from(body) },
        { method: 'POST', url: base },
        now,
      );
    const real = read(JSON.stringify({ ...problem, status: 200 }), 'text/html');
    assert.deepEqual([real.problem.type, real.status, real.problem.status], [problem.type, 502, 200]);
    assert.equal(read('<h1>x</h1>', 'application/problem+json').problem.detail, '<h1>x</h1>');
    assert.equal(read('<h1>x</h1>', 'text/html').problem.detail, 'the CA answered 502 without a reason');
    assert.equal(read('{"error":"x"}', 'text/html').problem.type, 'about:blank');
    const data = read('{"apiVersion":"v1","message":"secrets is forbidden"}', 'application/json');
    assert.equal(data.problem.detail, 'the CA answered 502 without a reason');
  });
  it('print as the peer prints them, subproblems in the same line', () => {
    const error = problemError(
      { status: 403, headers: {}, body: Buffer.from(JSON.stringify(order.error)) },
      { method: 'POST', url: base },
      now,
    );
    assert.equal(
      error.message,
      '403 urn:ietf:params:acme:error:compound: several; subproblems: ' +
        'urn:ietf:params:acme:error:caa: [dns: a.example] no',
    );
    assert.equal(problemOf('text'), undefined);
    assert.equal(
      problemOf({ subproblems: Array.from({ length: 999 }, () => problem) })?.subproblems.length,
      100,
    );
  });
  it('become links for people only where a browser shows them', () => {
    assert.equal(displayUrl('https://ca.example/why'), 'https://ca.example/why');
    assert.equal(displayUrl('javascript:alert(1)'), undefined);
    assert.equal(displayUrl('x'.repeat(5000)), undefined);
  });
  it('are times only in RFC 3339', () => {
    assert.equal(timestamp('2026-11-22T08:00:00Z'), now);
    for (const text of ['2026-11-22', 'tomorrow', '2026-13-22T08:00:00Z', 7, '2026-11-22T08:00:00'])
      assert.equal(timestamp(text), undefined);
  });
});
