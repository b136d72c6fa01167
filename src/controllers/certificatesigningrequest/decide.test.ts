/** Every step of lifecycle §24 as one row: which facts lead to which words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestDuration, requestIsCA } from '../../api/annotations.ts';
import type { SigningCondition } from '../../api/certificate-signing-request.ts';
import type { IssuerSpec } from '../../api/issuer.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { createIssuerTypes } from '../../issuers/registry.ts';
import { decide, type DecideInput, type SigningDecision } from './decide.ts';
import { signerReference, titleOf } from './signer-name.ts';
import { trimSigningRequest } from './signing-facts.ts';

const types = createIssuerTypes();
const approved: SigningCondition = { type: 'Approved', status: 'True' };

interface Row {
  spec?: object;
  annotations?: Record<string, string>;
  conditions?: SigningCondition[];
  certificate?: string;
  deleting?: boolean;
  /** Null: there is no issuer. */
  issuer?: IssuerSpec | null;
  ready?: { status: 'True' | 'False'; message?: string };
  mayReference?: boolean;
  signers?: string[];
}

function decideRow(row: Row): SigningDecision {
  const { issuer = { ca: { secretName: 'root' } }, ready = { status: 'True' } } = row;
  const found: AnyIssuer | undefined =
    issuer === null
      ? undefined
      : { metadata: { name: 'ca' }, spec: issuer, status: { conditions: [{ type: 'Ready', ...ready }] } };
  const input: DecideInput = {
    request: trimSigningRequest({
      metadata: {
        name: 'web',
        annotations: row.annotations,
        ...(row.deleting === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      },
      spec: {
        request: 'AAAA',
        signerName: 'clusterissuers.cert-manager.io/ca',
        username: 'alice',
        ...row.spec,
      },
      status: { conditions: row.conditions ?? [approved], certificate: row.certificate },
    } as never),
    issuer: found,
    resolved: found === undefined ? undefined : types.resolve(found),
    signers: new Set(row.signers ?? ['ca', 'selfsigned']),
    mayReference: row.mayReference,
  };
  return decide(input);
}

/** What is decided in one line: action, reason or issuer type, and the beginning of what is said. */
function line(decision: SigningDecision): string {
  switch (decision.do) {
    case 'nothing':
      return `nothing: ${decision.why}`;
    case 'tell':
      return `${decision.type} ${decision.reason} (${decision.component}): ${decision.message}`;
    case 'fail':
      return `fail ${decision.reason} (${decision.component}): ${decision.message}`;
    case 'ask-reference':
      return `ask ${titleOf(decision.signer)}`;
    default:
      return `sign ${decision.type.name} ${decision.durationMs / 1000} s${decision.isCA ? ' CA' : ''}`;
  }
}

const namespaced = { signerName: 'issuers.cert-manager.io/shop.ca' };
const rows: [what: string, row: Row, expected: string | RegExp][] = [
  [
    'another signer',
    { spec: { signerName: 'kubernetes.io/kubelet-serving' } },
    'nothing: its signer is none of ours',
  ],
  ['deleted', { deleting: true }, 'nothing: is being deleted'],
  ['denied', { conditions: [{ type: 'Denied', status: 'True' }] }, 'nothing: is denied or failed'],
  ['failed', { conditions: [approved, { type: 'Failed', status: 'True' }] }, 'nothing: is denied or failed'],
  ['issued', { certificate: 'AAAA' }, 'nothing: carries its certificate'],
  [
    'not approved',
    { conditions: [] },
    'Normal WaitingApproval (ca): Waiting for the Approved condition before issuing',
  ],
  ['not approved comes before no issuer', { conditions: [], issuer: null }, /^Normal WaitingApproval/],
  [
    'no ClusterIssuer',
    { issuer: null },
    /^Warning IssuerNotFound \(ca\): Referenced ClusterIssuer ca not found/,
  ],
  [
    'no Issuer',
    { issuer: null, spec: namespaced },
    /^Warning IssuerNotFound \(ca\): Referenced Issuer shop\/ca not found/,
  ],
  [
    'no type',
    { issuer: {} },
    /^Warning IssuerTypeMissing \(ca\): Referenced ClusterIssuer ca is missing type/,
  ],
  [
    'a type of a later version',
    { issuer: { vault: {} } as unknown as IssuerSpec },
    /^Warning NotSupported \(vault\): Referenced ClusterIssuer ca is of type vault, which this version cannot/,
  ],
  ['a signer that is off', { signers: ['selfsigned'] }, 'nothing: the ca signer is switched off'],
  ['an Issuer', { spec: namespaced }, 'ask Issuer shop/ca'],
  ['an Issuer, allowed', { spec: namespaced, mayReference: true }, 'sign ca 7776000 s'],
  [
    'an Issuer, denied',
    { spec: namespaced, mayReference: false },
    /^fail DeniedReference \(ca\): Requester may not reference Namespaced Issuer shop\/ca: "alice" lacks/,
  ],
  ['no duration', {}, 'sign ca 7776000 s'],
  ['seconds', { spec: { expirationSeconds: 600 } }, 'sign ca 600 s'],
  [
    'too few seconds',
    { spec: { expirationSeconds: 599 } },
    /^fail InvalidDuration .* 10m0s, requested 9m59s$/,
  ],
  [
    'the annotation wins over seconds',
    { annotations: { [requestDuration]: '1h' }, spec: { expirationSeconds: 600 } },
    'sign ca 3600 s',
  ],
  [
    'a short annotation',
    { annotations: { [requestDuration]: '5m' } },
    /^fail InvalidDuration .* requested 5m0s$/,
  ],
  ['a negative annotation', { annotations: { [requestDuration]: '-1h' } }, /^fail InvalidDuration/],
  [
    'words as duration',
    { annotations: { [requestDuration]: 'long' } },
    /^fail ErrorParseDuration .*"long" is not/,
  ],
  ['an empty duration', { annotations: { [requestDuration]: '' } }, /^fail ErrorParseDuration/],
  [
    'a denied reference comes before a bad duration',
    { spec: namespaced, mayReference: false, annotations: { [requestDuration]: 'long' } },
    /^fail DeniedReference/,
  ],
  [
    'a bad duration comes before an issuer that is not ready',
    { annotations: { [requestDuration]: 'long' }, ready: { status: 'False' } },
    /^fail ErrorParseDuration/,
  ],
  [
    'not ready',
    { ready: { status: 'False', message: 'no key' } },
    'Warning IssuerNotReady (ca): Referenced ClusterIssuer ca does not have a Ready status condition: no key',
  ],
  ['a CA', { annotations: { [requestIsCA]: 'true' } }, 'sign ca 7776000 s CA'],
  ['no CA unless it says exactly true', { annotations: { [requestIsCA]: 'yes' } }, 'sign ca 7776000 s'],
  ['self-signed', { issuer: { selfSigned: {} } }, 'sign selfSigned 7776000 s'],
];
for (const [what, row, expected] of rows) {
  test(what, () => {
    const said = line(decideRow(row));
    if (typeof expected === 'string') assert.equal(said, expected);
    else assert.match(said, expected);
  });
}

const names: [signerName: string, expected: string | undefined][] = [
  ['issuers.cert-manager.io/shop.ca', 'Issuer shop/ca'],
  ['issuers.cert-manager.io/shop.ca.with.dots', 'Issuer shop/ca.with.dots'],
  ['clusterissuers.cert-manager.io/ca.with.dots', 'ClusterIssuer ca.with.dots'],
  ['issuers.cert-manager.io/ca', undefined],
  ['issuers.cert-manager.io/.ca', undefined],
  ['issuers.cert-manager.io/shop.', undefined],
  ['issuers.cert-manager.io/shop.ca/more', undefined],
  ['clusterissuers.cert-manager.io/', undefined],
  ['clusterissuers.cert-manager.io/a/b', undefined],
  ['issuers.cert-manager.io', undefined],
  ['orders.acme.cert-manager.io/shop.ca', undefined],
  ['issuers.example.com/shop.ca', undefined],
  ['x.issuers.cert-manager.io/shop.ca', undefined],
  ['', undefined],
];
for (const [signerName, expected] of names) {
  test(`signer name ${JSON.stringify(signerName)}`, () => {
    const signer = signerReference(signerName);
    assert.equal(signer === undefined ? undefined : titleOf(signer), expected);
  });
}

test('what is finished, or of another signer, keeps no request in memory', () => {
  const long = 'A'.repeat(1000);
  const spec = { request: long, signerName: 'clusterissuers.cert-manager.io/ca', username: 'alice' };
  const size = (object: object): number => JSON.stringify(trimSigningRequest(object)).length;
  const open = { metadata: { name: 'a', managedFields: [{ manager: long }] }, spec };
  assert.ok(size(open) > 1000 && size(open) < 1500);
  assert.ok(size({ ...open, status: { certificate: long } }) < 300);
  assert.ok(size({ ...open, status: { conditions: [{ type: 'Failed', status: 'True' }] } }) < 300);
  assert.ok(size({ ...open, spec: { ...spec, signerName: 'kubernetes.io/kubelet-serving' } }) < 300);
});
