import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { annotatedSpec } from './annotated-spec.ts';

const at = (key: string): string => `cert-manager.io/${key}`;

const rows: readonly [annotation: string, value: string, field: string, expected: unknown][] = [
  ['common-name', 'web', 'commonName', 'web'],
  ['alt-names', 'a.example, b.example,,a.example', 'dnsNames', ['a.example', 'b.example']],
  ['ip-sans', '10.0.0.1, 2001:db8::1', 'ipAddresses', ['10.0.0.1', '2001:db8::1']],
  ['email-sans', 'a@example.com ,b@example.com', 'emailAddresses', ['a@example.com', 'b@example.com']],
  ['subject-organizations', '"Foo, Inc.",Bar', 'subject', { organizations: ['Foo, Inc.', 'Bar'] }],
  ['subject-organizationalunits', 'IT', 'subject', { organizationalUnits: ['IT'] }],
  ['subject-countries', 'DE,FR', 'subject', { countries: ['DE', 'FR'] }],
  ['subject-provinces', 'Hesse', 'subject', { provinces: ['Hesse'] }],
  ['subject-localities', 'Kassel', 'subject', { localities: ['Kassel'] }],
  ['subject-postalcodes', '34117', 'subject', { postalCodes: ['34117'] }],
  [
    'subject-streetaddresses',
    '"1725 Slough Avenue, Suite 200"',
    'subject',
    { streetAddresses: ['1725 Slough Avenue, Suite 200'] },
  ],
  ['subject-serialnumber', '10978342379', 'subject', { serialNumber: '10978342379' }],
  ['duration', '720h', 'duration', '720h0m0s'],
  ['renew-before', '5m', 'renewBefore', '5m0s'],
  ['renew-before-percentage', '20', 'renewBeforePercentage', 20],
  ['usages', 'server auth, client auth', 'usages', ['server auth', 'client auth']],
  ['revision-history-limit', '7', 'revisionHistoryLimit', 7],
  ['private-key-algorithm', 'Ed25519', 'privateKey', { algorithm: 'Ed25519' }],
  ['private-key-encoding', 'PKCS8', 'privateKey', { encoding: 'PKCS8' }],
  ['private-key-size', '4096', 'privateKey', { size: 4096 }],
  ['private-key-rotation-policy', 'Never', 'privateKey', { rotationPolicy: 'Never' }],
  ['secret-template', '{"annotations":{"a":"b"},"labels":{}}', 'secretTemplate', { annotations: { a: 'b' } }],
  ['secret-template', '{"annotations":{},"labels":null}', 'secretTemplate', undefined],
  ['uri-sans', 'spiffe://a/b', 'uris', undefined],
];
for (const [annotation, value, field, expected] of rows)
  test(`${annotation}: ${value}`, () => {
    const { spec, problems } = annotatedSpec({ [at(annotation)]: value });
    assert.deepEqual(problems, []);
    assert.deepEqual((spec as unknown as Record<string, unknown>)[field], expected);
  });

test('annotations that say nothing set nothing, and neither do empty ones', () => {
  const empty = Object.fromEntries(rows.map(([annotation]) => [at(annotation), '']));
  for (const annotations of [{}, empty])
    assert.deepEqual(annotatedSpec(annotations), { spec: { dnsNames: [], ipAddresses: [] }, problems: [] });
});

const refused: readonly [annotation: string, value: string, why: RegExp][] = [
  ['common-name', 'x'.repeat(65), /at most 64 bytes/u],
  ['common-name', 'ü'.repeat(33), /at most 64 bytes/u],
  ['ip-sans', '10.0.0.1,nowhere', /"nowhere" is no IP address/u],
  ['ip-sans', 'fe80::1%eth0', /no IP address/u],
  ['email-sans', 'Bob <bob@example.com>', /no e-mail address/u],
  ['subject-organizations', '"open', /not closed/u],
  ['subject-organizationalunits', 'a"b', /"cert-manager.io\/subject-organizationalunits"/u],
  ['subject-countries', '"DE"x', /closing "/u],
  ['subject-provinces', 'a\nb', /more than one line/u],
  ['duration', '5 days', /no Go duration/u],
  ['duration', '59m', /less than 1h/u],
  ['renew-before', '4m59s', /less than 5m/u],
  ['renew-before', '-5m', /less than 5m/u],
  ['renew-before-percentage', '100', /no percentage/u],
  ['renew-before-percentage', 'many', /no whole number/u],
  ['usages', 'server auth,web', /invalid key usage name "web"/u],
  ['revision-history-limit', '0', /must be a positive number "0"/u],
  ['revision-history-limit', '2147483648', /no whole number/u],
  ['private-key-algorithm', 'rsa', /invalid private key algorithm "rsa"/u],
  ['private-key-encoding', 'DER', /invalid private key encoding/u],
  ['private-key-size', '1024', /2048 to 8192/u],
  ['private-key-size', '2048.5', /no whole number/u],
  ['private-key-rotation-policy', 'Sometimes', /invalid private key rotation policy/u],
  ['secret-template', 'labels: {}', /no JSON/u],
  ['secret-template', '[]', /no JSON object/u],
  ['secret-template', '{"data":{}}', /unknown field "data"/u],
  ['secret-template', '{"labels":{"a":1}}', /labels "a" is no text/u],
  [
    'secret-template',
    '{"annotations":{"cert-manager.io/x":"y"}}',
    /must not have cert-manager.io\/ annotations: "cert-manager.io\/x"/u,
  ],
];
for (const [annotation, value, why] of refused)
  test(`${annotation}: ${value.slice(0, 40).replaceAll('\n', ' ')} is refused by name`, () => {
    const { problems } = annotatedSpec({ [at(annotation)]: value });
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, why);
    assert.ok(problems[0]!.startsWith(`invalid annotation "${at(annotation)}": `));
  });

test('a size goes with its algorithm, and a share of the lifetime excludes a length', () => {
  const sized = (algorithm: string, size: string): readonly string[] =>
    annotatedSpec({ [at('private-key-algorithm')]: algorithm, [at('private-key-size')]: size }).problems;
  assert.deepEqual([sized('ECDSA', '384'), sized('Ed25519', '7'), sized('RSA', '8192')], [[], [], []]);
  assert.match(sized('ECDSA', '2048')[0]!, /256, 384 or 521/u);
  const both = annotatedSpec({ [at('renew-before')]: '1h', [at('renew-before-percentage')]: '20' });
  assert.match(both.problems[0]!, /excludes cert-manager.io\/renew-before-percentage/u);
});

test('no value makes it throw, and messages stay short', () => {
  const keys = [...new Set(rows.map(([annotation]) => at(annotation)))];
  const values = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.constant('"'.repeat(50_000)),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), values, { maxKeys: 6 }), (annotations) => {
      for (const problem of annotatedSpec(annotations).problems) assert.ok(problem.length < 1_000);
    }),
    { numRuns: 300 },
  );
});

test('a key of the template that is also one of JavaScript is only a key', () => {
  const { spec } = annotatedSpec({ [at('secret-template')]: '{"labels":{"__proto__":"x"}}' });
  assert.deepEqual(Object.entries(spec.secretTemplate?.labels ?? {}), [['__proto__', 'x']]);
});
