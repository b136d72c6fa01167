import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedWorld } from '../testing/simulated-world.ts';
import {
  firstViolation,
  readinessPolicies,
  triggerPolicies,
  type PolicyInput,
  type Reason,
} from './policies.ts';
import type { RequestFacts } from './request-facts.ts';
import type { SecretFacts } from './secret-facts.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const day = 86_400_000;

function good(): PolicyInput & { secret: SecretFacts; current: RequestFacts } {
  const world = new SimulatedWorld('web', {});
  world.run(now);
  return {
    certificate: world.certificate,
    secret: world.secret!,
    current: world.requests[0]!,
    renewal: { at: now + 60 * day },
    nowMs: now,
  };
}

const input = good();
const spec = input.certificate.spec;
const secret = (change: Partial<SecretFacts>): Partial<PolicyInput> => ({
  secret: { ...input.secret, ...change },
});
const changedSpec = (change: Partial<typeof spec>): Partial<PolicyInput> => ({
  certificate: { ...input.certificate, spec: { ...spec, ...change } },
});
const issuer = (name?: string, kind?: string, group?: string): Partial<PolicyInput> => {
  const entries = Object.entries({
    'cert-manager.io/issuer-name': name,
    'cert-manager.io/issuer-kind': kind,
    'cert-manager.io/issuer-group': group,
  });
  return secret({
    annotations: Object.fromEntries(
      entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    ),
  });
};
const ecdsa = { algorithm: 'ECDSA', size: 256, publicKeyHash: 'other' } as const;
const clusterRef = { issuerRef: { name: 'ca', kind: 'ClusterIssuer' } };

const table: [string, Partial<PolicyInput>, Reason | undefined, RegExp?][] = [
  ['all is well', {}, undefined],
  ['no Secret', { secret: undefined }, 'DoesNotExist'],
  ['no data', secret({ dataKeys: [] }), 'MissingData', /holds no data/],
  ['no key', secret({ privateKey: undefined }), 'MissingData', /private key/],
  ['no certificate', secret({ certificate: undefined }), 'MissingData', /certificate/],
  ['bad key', secret({ privateKey: { ok: false, error: 'garbage' } }), 'InvalidKeyPair', /garbage/],
  [
    'bad certificate',
    secret({ certificate: { ok: false, error: 'garbage' } }),
    'InvalidCertificate',
    /garbage/,
  ],
  [
    'another key',
    secret({ privateKey: { ok: true, value: ecdsa } }),
    'InvalidKeyPair',
    /do not belong together/,
  ],
  ['another issuer', issuer('elsewhere'), 'IncorrectIssuer', /"Issuer\.cert-manager\.io\/elsewhere"/],
  ['another kind', issuer('ca', 'ClusterIssuer'), 'IncorrectIssuer'],
  ['another group', issuer('ca', 'Issuer', 'example.com'), 'IncorrectIssuer', /example\.com/],
  ['defaults spelled out', issuer('ca', 'Issuer', 'cert-manager.io'), undefined],
  ['no annotations, Issuer', issuer(), undefined],
  [
    'no annotations, ClusterIssuer',
    { ...issuer(), ...changedSpec(clusterRef) },
    'IncorrectIssuer',
    /does not say which issuer/,
  ],
  [
    'another Certificate',
    secret({ annotations: { ...input.secret.annotations, 'cert-manager.io/certificate-name': 'api' } }),
    'IncorrectCertificate',
    /"api"/,
  ],
  [
    'algorithm changed',
    changedSpec({ privateKey: { algorithm: 'RSA' } }),
    'SecretMismatch',
    /\[spec\.privateKey\.algorithm\]/,
  ],
  [
    'size changed',
    changedSpec({ privateKey: { algorithm: 'ECDSA', size: 384 } }),
    'SecretMismatch',
    /\[spec\.privateKey\.size\]/,
  ],
  [
    'CSR unreadable',
    { current: { ...input.current, csr: { ok: false, error: 'garbage' } } },
    'InvalidCertificateRequest',
    /garbage/,
  ],
  [
    'names changed',
    changedSpec({ dnsNames: ['x'], commonName: 'cn', ipAddresses: ['::1'] }),
    'RequestChanged',
    /\[spec\.ipAddresses spec\.dnsNames spec\.commonName\]/,
  ],
  ['order of names', changedSpec({ dnsNames: ['web.example.com'] }), undefined],
  [
    'usages spelled out',
    changedSpec({ usages: ['digital signature', 'key encipherment'] }),
    'RequestChanged',
    /\[spec\.usages\]/,
  ],
  ['isCA', changedSpec({ isCA: true }), 'RequestChanged', /\[spec\.isCA\]/],
  ['duration against none', changedSpec({ duration: '100h' }), undefined],
  [
    'names changed, no request',
    { current: undefined, ...changedSpec({ dnsNames: ['x'] }) },
    'SecretMismatch',
    /\[spec\.dnsNames\]/,
  ],
  [
    'name moved to the CN, no request',
    { current: undefined, ...changedSpec({ commonName: 'web.example.com', dnsNames: [] }) },
    undefined,
  ],
  ['renewal due', { renewal: { at: now } }, 'Renewing', /2026-01-01 00:00:00 \+0000 UTC/],
  ['renewal due without a window', { renewal: { at: now, error: 'no window' } }, 'WindowError', /no window/],
  ['renewal disabled', { renewal: { at: undefined } }, undefined],
];

for (const [what, change, reason, message] of table) {
  test(`trigger: ${what}`, () => {
    const violation = firstViolation(triggerPolicies, { ...input, ...change });
    assert.equal(violation?.reason, reason, violation?.message);
    if (message !== undefined) assert.match(violation?.message ?? '', message);
  });
}

test('readiness does not care about renewal, but about expiry', () => {
  assert.equal(firstViolation(readinessPolicies, { ...input, renewal: { at: now } }), undefined);
  const expired = firstViolation(readinessPolicies, { ...input, nowMs: now + 91 * day });
  assert.deepEqual(expired, {
    reason: 'Expired',
    message: 'The certificate in Secret "web" expired on Wed, 01 Apr 2026 00:00:00 UTC',
  });
});

test('literalSubject is compared by its encoding, durations by their value', () => {
  const literal = {
    ...input.current,
    duration: '100h0m0s',
    csr: {
      ok: true,
      value: { ...(input.current.csr.ok ? input.current.csr.value : assert.fail()), subjectDer: 'MAA=' },
    },
  } as const;
  const violation = firstViolation(triggerPolicies, {
    ...input,
    current: literal,
    ...changedSpec({ literalSubject: 'CN=x', duration: '6000m' }),
  });
  assert.match(violation?.message ?? '', /\[spec\.literalSubject\]/);
});
