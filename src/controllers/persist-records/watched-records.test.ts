import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from '../../api/certificate.ts';
import type { Solver } from '../../api/solver.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { watchedRecords } from './watched-records.ts';

const persist: Solver = { dnsPersist01: {} };
const uri = 'https://ca.example/acct/1';

function certificate(name: string, dnsNames: string[], more: Partial<Certificate> = {}): Certificate {
  return {
    metadata: { name, namespace: 'shop' },
    spec: { secretName: name, dnsNames, issuerRef: { name: 'ca' } },
    status: { notAfter: '2027-01-01T00:00:00Z' },
    ...more,
  };
}

function watched(solvers: Solver[], certificates: Certificate[], account: string = uri): string[] {
  const issuer = {
    spec: { acme: { server: 'https://ca.example', privateKeySecretRef: { name: 'k' }, solvers } },
    status: { acme: { uri: account } },
  } as AnyIssuer;
  return [...watchedRecords(certificates, () => issuer).values()].map(
    ({ dnsName, wildcard, certificates: of }) =>
      `${dnsName}${wildcard ? ' wildcard' : ''}: ${of.map(({ metadata }) => metadata?.name).join(' ')}`,
  );
}

test('one record for a name with its wildcard, and for all Certificates that need it', () => {
  assert.deepEqual(
    watched(
      [persist],
      [
        certificate('a', ['Example.com', '*.example.com', 'www.example.com']),
        certificate('b', ['www.example.com']),
      ],
    ),
    ['example.com wildcard: a', 'www.example.com: a b'],
  );
});

test('only names that the solver is for', () => {
  const solvers: Solver[] = [
    { http01: { ingress: {} } },
    { ...persist, selector: { dnsZones: ['example.com'] } },
    { dns01: {}, selector: { dnsNames: ['api.example.com'] } },
  ];
  const names = ['www.example.com', 'api.example.com', 'example.org'];
  assert.deepEqual(watched(solvers, [certificate('a', names)]), ['www.example.com: a']);
  const byLabel: Solver[] = [{ ...persist, selector: { matchLabels: { team: 'x' } } }];
  const labelled = certificate('b', ['example.com'], {
    metadata: { name: 'b', namespace: 'shop', labels: { team: 'x' } },
  });
  assert.deepEqual(watched(byLabel, [certificate('a', ['example.com']), labelled]), ['example.com: b']);
});

test('a wildcard without a solver that can do it but by the record', () => {
  const solvers: Solver[] = [{ http01: { ingress: {} } }, persist];
  // CAs offer no HTTP-01 for wildcards.
  assert.deepEqual(watched(solvers, [certificate('a', ['*.example.com'])]), ['example.com wildcard: a']);
});

test('nothing before the first certificate, without an account, and for other issuers', () => {
  const fresh = certificate('a', ['example.com'], { status: {} });
  assert.deepEqual(watched([persist], [fresh]), []);
  assert.deepEqual(watched([persist], [certificate('a', ['example.com'])], ''), []);
  assert.equal(watchedRecords([certificate('a', ['example.com'])], () => undefined).size, 0);
});
