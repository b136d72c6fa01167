import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import {
  formatPersistRecord,
  judgePersistRecord,
  parsePersistRecord,
  persistNotice,
  persistRecordLine,
  persistRecordName,
  type PersistDemand,
  type PersistRecord,
} from './record.ts';

const record: PersistRecord = {
  issuerDomainName: 'authority.example',
  accountUri: 'https://ca.example/acct/123',
  wildcard: false,
};
const demand: PersistDemand = {
  issuerDomainNames: ['authority.example', 'ca.example.net'],
  accountUri: record.accountUri,
  wildcard: false,
  now: 1_700_000_000_000,
};

suite('the text of a record', () => {
  test('is that of the draft', () => {
    assert.equal(persistRecordName('Example.com'), '_validation-persist.example.com.');
    assert.equal(formatPersistRecord(record), 'authority.example; accounturi=https://ca.example/acct/123');
    assert.equal(
      formatPersistRecord({ ...record, wildcard: true, persistUntil: 1_721_952_000 }),
      'authority.example; accounturi=https://ca.example/acct/123; policy=wildcard; persistUntil=1721952000',
    );
    assert.equal(
      persistRecordLine('example.com', record),
      '_validation-persist.example.com. IN TXT "authority.example; accounturi=https://ca.example/acct/123"',
    );
  });

  test('is cut into strings that a zone file can hold, with quotes escaped', () => {
    const line = persistRecordLine('a.b', {
      ...record,
      accountUri: `https://ca.example/${'x'.repeat(300)}"\\`,
    });
    const strings = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/gu)].map(([, text = '']) =>
      text.replaceAll(/\\(.)/gu, '$1'),
    );
    assert.equal(strings.length, 2);
    assert.ok(strings.every((text) => text.length <= 255));
    assert.ok(strings.join('').endsWith('x"\\'));
  });

  test('is read again as it was written', () => {
    const value = fc.stringMatching(/^[!-:<-~]{1,60}$/u);
    fc.assert(
      fc.property(
        value,
        fc.boolean(),
        fc.option(fc.nat(2_000_000_000), { nil: undefined }),
        (accountUri, wildcard, persistUntil) => {
          const written = {
            ...record,
            accountUri,
            wildcard,
            ...(persistUntil === undefined ? {} : { persistUntil }),
          };
          assert.deepEqual(parsePersistRecord(formatPersistRecord(written)), written);
        },
      ),
    );
  });

  test('may have spaces, capitals, unknown parameters and a last semicolon', () => {
    assert.deepEqual(
      parsePersistRecord(
        '  Authority.Example ;  ACCOUNTURI = https://ca.example/Acct/1 ; Policy=WildCard; future=x ;persistuntil=5; ',
      ),
      {
        issuerDomainName: 'authority.example',
        accountUri: 'https://ca.example/Acct/1',
        wildcard: true,
        persistUntil: 5,
      },
    );
    assert.deepEqual(parsePersistRecord('a; accounturi=b; policy=other'), {
      issuerDomainName: 'a',
      accountUri: 'b',
      wildcard: false,
    });
  });

  for (const [text, why] of [
    ['', /names no CA/u],
    ['; accounturi=x', /names no CA/u],
    ['a', /no accounturi/u],
    ['a; accounturi=', /no accounturi/u],
    ['a; accounturi=b; accounturi=c', /accounturi twice/u],
    ['a; accounturi=b;; policy=wildcard', /"" is no parameter/u],
    ['a; accounturi=b c', /is no parameter/u],
    ['a; account-uri=b', /is no parameter/u],
    ['a; accounturi=b; persistUntil=soon', /no number of seconds/u],
    ['a; accounturi=b; persistUntil=-1', /no number of seconds/u],
  ] as const)
    test(`${JSON.stringify(text)} is malformed`, () => {
      const parsed = parsePersistRecord(text);
      assert.ok('malformed' in parsed && why.test(parsed.malformed));
    });

  test('of anybody is read or malformed', () => {
    fc.assert(fc.property(fc.string({ maxLength: 400 }), (text) => void judgePersistRecord(text, demand)));
  });
});

suite('whether a record does', () => {
  const whyNot = (text: string, more: Partial<PersistDemand> = {}): string => {
    const judgement = judgePersistRecord(text, { ...demand, ...more });
    return judgement.fits ? '' : `${judgement.ours ? 'ours' : 'theirs'}: ${judgement.why}`;
  };

  test('any of the names of the CA, exactly the account, before its end', () => {
    const account = `accounturi=${record.accountUri}`;
    assert.equal(whyNot(`ca.example.net; ${account}`), '');
    assert.equal(whyNot(`AUTHORITY.example; ${account}; persistUntil=1700000000`), '');
    assert.equal(whyNot(`other.example; ${account}`), 'theirs: it is for another CA');
    assert.equal(whyNot('v=spf1 -all'), 'theirs: it is for another CA');
    assert.equal(whyNot(`authority.example; ${account}/`), 'ours: it names another ACME account');
    assert.equal(
      whyNot('authority.example; accounturi=HTTPS://ca.example/acct/123'),
      'ours: it names another ACME account',
    );
    assert.match(
      whyNot(`authority.example; ${account}; persistUntil=1699999999`),
      /^ours: it ended at 2023-11-14 22:13 UTC/u,
    );
    assert.equal(whyNot('authority.example'), 'ours: it has no accounturi');
  });

  test('a wildcard needs policy=wildcard', () => {
    const text = formatPersistRecord(record);
    assert.match(whyNot(text, { wildcard: true }), /no policy=wildcard/u);
    assert.equal(whyNot(`${text}; policy=WILDCARD`, { wildcard: true }), '');
  });
});

test('people are told a month before a record ends, and after', () => {
  const until = (days: number): string | undefined =>
    persistNotice('example.com', { ...record, persistUntil: demand.now / 1000 + days * 86_400 }, demand.now);
  assert.equal(persistNotice('example.com', record, demand.now), undefined);
  assert.equal(until(31), undefined);
  assert.match(
    until(29) ?? '',
    /^the record _validation-persist\.example\.com\. ends at 2023-12-13 22:13 UTC \(persistUntil\)/u,
  );
  assert.match(until(-1) ?? '', /ended at/u);
  assert.equal(until(1e12), undefined);
});
