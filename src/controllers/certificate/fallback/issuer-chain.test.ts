import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { issuerChain, mayIssue, readIssuer } from './issuer-chain.ts';
import { problemClass } from './problem-class.ts';

const chain = (fallbacks?: string, after?: string): ReturnType<typeof issuerChain> => {
  const annotations = {
    ...(fallbacks === undefined ? {} : { 'certwright.dev/fallback-issuers': fallbacks }),
    ...(after === undefined ? {} : { 'certwright.dev/fallback-after': after }),
  };
  return issuerChain({
    metadata: { annotations },
    spec: { secretName: 'web', issuerRef: { name: 'le', kind: 'ClusterIssuer' } },
  });
};

test('the issuer of the spec comes first, then the fallbacks in order, each once', () => {
  assert.deepEqual(chain().issuers, [{ name: 'le', kind: 'ClusterIssuer' }]);
  const { issuers, problems, patienceMs } = chain(
    ' ClusterIssuer/zero , Issuer/inner,ClusterIssuer/le,ClusterIssuer/zero',
    '90m',
  );
  assert.deepEqual(
    issuers.map(({ kind, name }) => `${kind}/${name}`),
    ['ClusterIssuer/le', 'ClusterIssuer/zero', 'Issuer/inner'],
  );
  assert.deepEqual(problems, []);
  assert.equal(patienceMs, 90 * 60_000);
  assert.ok(mayIssue(chain('Issuer/inner'), { name: 'inner' }), 'the default kind is Issuer');
  assert.ok(!mayIssue(chain('Issuer/inner'), { name: 'inner', kind: 'ClusterIssuer' }));
  assert.ok(!mayIssue(chain('Issuer/inner'), { name: 'inner', group: 'example.com' }));
});

test('what names no issuer is said and left out', () => {
  for (const wrong of [
    'zero',
    'clusterissuer/zero',
    'AWSPCAIssuer/x',
    'Issuer/',
    'Issuer/a/b',
    'Issuer/UPPER',
    '',
    'Issuer/..',
  ])
    assert.deepEqual(
      [chain(`${wrong},Issuer/ok`).issuers.length, chain(`${wrong},Issuer/ok`).problems.length],
      [2, 1],
      wrong,
    );
  assert.match(chain('Issuer/a', 'soon').problems.join(), /fallback-after "soon" is no duration/);
  assert.match(chain('Issuer/a', '-5m').problems.join(), /no duration/);
});

test('hostile lists are bounded', () => {
  const many = chain(Array.from({ length: 10_000 }, (_, i) => `Issuer/i${i}`).join(','));
  assert.equal(many.issuers.length, 9);
  fc.assert(
    fc.property(fc.string({ maxLength: 5000 }), (text) => {
      const { issuers, problems } = chain(text);
      assert.ok(issuers.length <= 9 && problems.length <= 9 && problems.join().length < 2000);
      assert.ok(readIssuer(text) === undefined || /^(Cluster)?Issuer\//.test(text));
    }),
  );
});

test('whose fault a problem is', () => {
  const acme = (word: string): string => `urn:ietf:params:acme:error:${word}`;
  for (const word of ['serverInternal', 'badNonce', 'accountDoesNotExist', 'userActionRequired'])
    assert.equal(problemClass(acme(word)), 'ca', word);
  assert.equal(problemClass('about:blank'), 'ca');
  assert.equal(problemClass(acme('rateLimited')), 'rate');
  for (const word of [
    'badCSR',
    'rejectedIdentifier',
    'caa',
    'dns',
    'connection',
    'unauthorized',
    'malformed',
    'future',
  ])
    assert.equal(problemClass(acme(word)), 'subscriber', word);
  assert.equal(problemClass('urn:example:odd'), 'subscriber');
  assert.equal(problemClass(undefined), undefined);
});
