import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Challenge } from '../../../api/challenge.ts';
import type { Chain } from './read-chain.ts';
import { judge } from './judge.ts';
import { remedies, remedyIn } from './remedies.ts';
import { renderStatus } from './status.ts';

const now = Date.parse('2026-11-22T08:00:00Z');
const metadata = (name: string) => ({ namespace: 'shop', name });
const condition = (type: string, status: 'True' | 'False', reason = '', message = '') => ({
  type,
  status,
  reason,
  message,
});
const issuerRef = { name: 'le', kind: 'ClusterIssuer' };

function chain(parts: { [K in keyof Chain]?: unknown } = {}): Chain {
  return {
    certificate: {
      metadata: metadata('web'),
      spec: { secretName: 'web', issuerRef },
      status: {
        conditions: [
          condition('Ready', 'False', 'DoesNotExist'),
          condition('Issuing', 'True', 'DoesNotExist'),
        ],
      },
    },
    issuer: {
      metadata: { name: 'le' },
      spec: {},
      status: { conditions: [condition('Ready', 'True', 'ACMEAccountRegistered')] },
    },
    request: {
      metadata: metadata('web-1'),
      spec: { issuerRef },
      status: {
        conditions: [
          condition('Approved', 'True'),
          condition('Ready', 'False', 'Pending', 'Waiting on certificate issuance'),
        ],
      },
    },
    order: undefined,
    challenges: [],
    ...parts,
  } as unknown as Chain;
}
const order = (status: object) => ({ metadata: metadata('web-1-1'), spec: { issuerRef }, status });
const challenge = (type: string, status: object, dnsName = 'a.example'): Challenge =>
  ({
    metadata: metadata('web-1-1-1'),
    spec: { type, dnsName, token: 'tok', issuerRef },
    status,
  }) as unknown as Challenge;

test('where no request can be made at all, that is the cause', () => {
  const triggered = 'Secret "web" does not exist: a certificate has to be issued into it';
  const why = `${triggered}; No CSR can be made from this Certificate: write it as xn--bcher-kva.example`;
  const certificate = {
    metadata: metadata('web'),
    spec: { secretName: 'web', issuerRef },
    status: {
      conditions: [
        condition('Ready', 'False', 'DoesNotExist', why),
        condition('Issuing', 'True', 'DoesNotExist', triggered),
      ],
    },
  };
  const verdict = judge(chain({ certificate, request: undefined }));
  assert.equal(verdict.at, 'Certificate shop/web');
  assert.equal(verdict.cause, `DoesNotExist: ${why}`);
});

test('the deepest object that says something is the cause, with its time and a remedy', () => {
  const checks = [
    { view: 'direct', passed: true, answer: 'ours', checkedAt: 't' },
    { view: 'route', passed: false, trusted: true, answer: '404 of nginx', checkedAt: 't' },
  ];
  const waits = challenge('HTTP-01', {
    state: 'pending',
    reason: 'Waiting for HTTP-01 challenge propagation',
    nextAttemptAt: '2026-11-22T08:00:10Z',
    checks,
  });
  const whole = chain({
    order: order({ state: 'pending' }),
    challenges: [challenge('DNS-01', { state: 'valid' }), waits],
  });
  const verdict = judge(whole);
  assert.equal(verdict.at, 'Challenge shop/web-1-1-1 (a.example by HTTP-01)');
  assert.equal(verdict.nextAttemptAt, '2026-11-22T08:00:10Z');
  assert.match(
    verdict.remedy ?? '',
    /curl -v http:\/\/a\.example\/\.well-known\/acme-challenge\/tok .*view "route"/u,
  );
  const text = renderStatus(whole, verdict, now);
  assert.match(text, /Order: +shop\/web-1-1: pending, 1 of 2 open names proven\n/u);
  assert.match(text, / {4}seen at direct: ours \(t\)\n {4}NOT SEEN at route: 404 of nginx \(t\)\n/u);
  assert.match(text, /Next attempt: +2026-11-22T08:00:10Z \(in 10s\)\n/u);
});

test('a reason is told once: of the one that is to blame as the cause, of others beside their names', () => {
  const one = challenge('DNS-01', { state: 'pending', reason: 'the zone\nis away' });
  const other = challenge('DNS-01', { state: 'pending', reason: 'another zone is away' }, 'b.example');
  one.spec.solver = { dns01: {} };
  const whole = chain({ order: order({ state: 'pending' }), challenges: [one, other] });
  const text = renderStatus(whole, judge(whole), now);
  assert.equal(text.split('the zone is away').length, 2, text);
  assert.match(text, /\(a\.example by DNS-01\): pending\n/u);
  assert.match(text, /\(b\.example by DNS-01\): pending: another zone is away\n/u);
  assert.match(text, /Cause: +Challenge .*\(a\.example by DNS-01\): the zone is away\n/u);
});

test('a name without an address needs a record, and no look at who answers there', () => {
  const unknown = {
    passed: false,
    trusted: true,
    answer: '1.1.1.1 knows no address of a.example',
    checkedAt: 't',
  };
  const remedyFor = (http01: object, ...checks: object[]): string => {
    const waits = challenge('HTTP-01', { state: 'pending', reason: 'Waiting', checks });
    waits.spec.solver = { http01 };
    return judge(chain({ order: order({ state: 'pending' }), challenges: [waits] })).remedy ?? '';
  };
  const name = { view: 'name', ...unknown };
  assert.match(remedyFor({ ingress: {} }, name), /a\.example\. A <address>.*kubectl get ingress/u);
  assert.match(remedyFor({ gatewayHTTPRoute: {} }, name), /kubectl get gateway/u);
  assert.match(remedyFor({ listener: {} }, name), /the machine that answers/u);
  const open = { ...unknown, view: 'public', answer: 'a.example refuses the connection' };
  assert.match(remedyFor({ ingress: {} }, name, open), /^curl .*view "public"/u);
});

const acmeIssuer = (message: string, more: object = {}) => ({
  metadata: { name: 'le' },
  spec: { acme: { server: 'https://ca.example/dir', ...more } },
  status: { conditions: [condition('Ready', 'False', 'ErrRegisterACMEAccount', message)] },
});
const externalAccountBinding = { keyID: 'kid-9', keySecretRef: { name: 'eab', key: 'mac' } };

test('says of an issuer whose account is refused where the account is wrong, not a name', () => {
  const words = '403 urn:ietf:params:acme:error:unauthorized: unknown kid';
  const remedyFor = (issuer: object): string => judge(chain({ issuer })).remedy ?? '';
  const bound = remedyFor(acmeIssuer(words, { externalAccountBinding }));
  assert.match(
    bound,
    /externalAccountBinding\.keyID "kid-9" of ClusterIssuer le, and entry "mac" of Secret "eab"/u,
  );
  assert.doesNotMatch(bound, /A and AAAA/u);
  assert.match(remedyFor(acmeIssuer(words)), /refuses the account of ClusterIssuer le, not a name/u);
  const away = remedyFor(acmeIssuer('GET https://ca.example/dir: connect ECONNREFUSED'));
  assert.match(
    away,
    /spec\.acme\.server \(https:\/\/ca\.example\/dir\) of ClusterIssuer le .*tried again by itself/u,
  );
  const limited = remedyFor(acmeIssuer('429 urn:ietf:params:acme:error:rateLimited: slow down'));
  assert.match(limited, /^wait/u);
});

test('an Order without a reason: what the CA is at, and nothing that it never said', () => {
  const causeOf = (parts: Parameters<typeof chain>[0]): string => judge(chain(parts)).cause ?? '';
  assert.match(causeOf({ order: order({}) }), /^the CA is being asked for it/u);
  const proven = {
    order: order({ state: 'pending' }),
    challenges: [challenge('DNS-01', { state: 'valid' })],
  };
  assert.match(
    causeOf(proven),
    /^the CA calls it pending, with all names proven; it is asked again by itself/u,
  );
  assert.match(causeOf({ order: order({ state: 'processing' }) }), /^the CA calls it processing; /u);
  const late = chain({ order: order({ nextAttemptAt: '2026-11-22T07:59:00Z' }) });
  assert.match(renderStatus(late, judge(late), now), /Next attempt: +2026-11-22T07:59:00Z \(now\)/u);
});

test('says of an answer that could not be written which provider and which Secrets to look at', () => {
  const waits = challenge('DNS-01', { state: 'pending', reason: 'Error presenting challenge: BADSIG' });
  const rfc2136 = { nameserver: '192.0.2.1', tsigSecretSecretRef: { name: 'tsig', key: 'k' } };
  waits.spec.solver = { dns01: { cnameStrategy: 'Follow', rfc2136 } };
  const { remedy } = judge(chain({ order: order({ state: 'pending' }), challenges: [waits] }));
  assert.match(remedy ?? '', /dns01\.rfc2136 of ClusterIssuer le, Secret "tsig" \(tsigSecretSecretRef\)/u);
});

const cases: readonly [
  title: string,
  parts: Parameters<typeof chain>[0],
  at: RegExp,
  cause: RegExp,
  remedy: RegExp | undefined,
][] = [
  ['no issuer', { issuer: undefined }, /^ClusterIssuer le$/u, /does not exist/u, /spec\.issuerRef/u],
  [
    'an issuer that is not Ready',
    {
      issuer: {
        spec: {},
        status: {
          conditions: [
            condition(
              'Ready',
              'False',
              'ErrRegisterACMEAccount',
              'urn:ietf:params:acme:error:invalidContact: x',
            ),
          ],
        },
      },
    },
    /^ClusterIssuer le$/u,
    /ErrRegisterACMEAccount/u,
    /spec\.acme\.email/u,
  ],
  [
    'an order at the limits of the CA',
    {
      order: order({
        state: 'pending',
        reason: "Let's Encrypt: used up",
        problem: 'urn:ietf:params:acme:error:rateLimited',
        nextAttemptAt: 't',
      }),
    },
    /^Order shop\/web-1-1$/u,
    /used up/u,
    /certwright acme budget/u,
  ],
  [
    'a CA that is away',
    { order: order({ reason: 'connection refused', problem: 'about:blank', nextAttemptAt: 't' }) },
    /^Order /u,
    /refused/u,
    /can be reached/u,
  ],
  [
    'no approval',
    { request: { metadata: metadata('web-1'), spec: { issuerRef } } },
    /^CertificateRequest /u,
    /waits for approval/u,
    /approve it/u,
  ],
  ['no request yet', { request: undefined }, /^Certificate shop\/web$/u, /DoesNotExist/u, undefined],
  [
    'a record that nobody sees',
    {
      order: order({ state: 'pending' }),
      challenges: [
        challenge('DNS-01', {
          reason: 'not yet',
          checks: [{ view: 'ns1', passed: false, answer: 'NXDOMAIN', checkedAt: 't' }],
        }),
      ],
    },
    /DNS-01/u,
    /not yet/u,
    /dig \+trace TXT _acme-challenge\.a\.example/u,
  ],
];
for (const [title, parts, at, cause, remedy] of cases)
  test(`status: ${title}`, () => {
    const verdict = judge(chain(parts));
    assert.equal(verdict.ready, false);
    assert.match(verdict.at ?? '', at);
    assert.match(verdict.cause ?? '', cause);
    if (remedy === undefined) assert.equal(verdict.remedy, undefined);
    else assert.match(verdict.remedy ?? '', remedy);
  });

test('an attempt that has failed is told by the Challenge that failed it, and how to try at once', () => {
  const failed = challenge('HTTP-01', {
    state: 'invalid',
    reason: '403 urn:ietf:params:acme:error:caa: forbidden',
  });
  const verdict = judge(
    chain({
      certificate: {
        metadata: metadata('web'),
        spec: { secretName: 'web', issuerRef },
        status: {
          conditions: [condition('Ready', 'False', 'DoesNotExist'), condition('Issuing', 'False', 'Failed')],
        },
      },
      order: order({ state: 'invalid', reason: 'order is invalid' }),
      challenges: [challenge('HTTP-01', { state: 'pending' }, 'b.example'), failed],
    }),
  );
  assert.match(verdict.cause ?? '', /caa: forbidden/u);
  assert.match(verdict.remedy ?? '', /CAA record.*certwright acme renew web --namespace shop/u);
});

test('a Certificate that is Ready has no cause', () => {
  const ready = {
    metadata: metadata('web'),
    spec: { secretName: 'web', issuerRef },
    status: { conditions: [condition('Ready', 'True', 'Ready')], notAfter: '2027-01-01T00:00:00Z' },
  };
  const whole = chain({ certificate: ready });
  assert.deepEqual(judge(whole), { ready: true });
  assert.doesNotMatch(renderStatus(whole, judge(whole), now), /Cause/u);
});

test('remedies are found by the type of a problem, and by nothing that looks like one', () => {
  for (const word of Object.keys(remedies))
    assert.equal(remedyIn(`403 urn:ietf:params:acme:error:${word}: x`), remedies[word]);
  assert.equal(remedyIn('urn:ietf:params:acme:error:toString'), undefined);
  assert.equal(remedyIn('caa'), undefined);
});
