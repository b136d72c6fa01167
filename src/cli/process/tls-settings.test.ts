/** TLS of our own servers: one source of the certificate, complete, with suites and versions that are worth offering. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controllerTable } from '../configuration/controller-table.ts';
import { mergeSettings, type GivenFlags } from '../configuration/settings.ts';
import { readMetricsDoor } from './metrics-door.ts';

const read = (flags: GivenFlags): ReturnType<typeof readMetricsDoor> =>
  readMetricsDoor(mergeSettings(controllerTable, flags));
const files = { metricsTlsCertFile: 'c', metricsTlsPrivateKeyFile: 'k' };
const dynamic = {
  metricsDynamicServingCaSecretNamespace: 'cert-manager',
  metricsDynamicServingCaSecretName: 'ca',
  metricsDynamicServingDnsNames: ['a,b'],
};

test('none, files, or an authority of our own', () => {
  assert.equal(read({})?.tls, undefined);
  assert.deepEqual(read(files)?.tls, { kind: 'files', certFile: 'c', keyFile: 'k', minVersion: 'TLSv1.2' });
  assert.deepEqual(read({ ...dynamic, metricsTlsMinVersion: 'VersionTLS13' })?.tls, {
    kind: 'dynamic',
    namespace: 'cert-manager',
    name: 'ca',
    dnsNames: ['a', 'b'],
    leafDurationMs: 168 * 3_600_000,
    minVersion: 'TLSv1.3',
  });
});

test('suites are named as in Go, and those of TLS 1.3 stay', () => {
  const tls = read({ ...files, metricsTlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] })?.tls;
  assert.equal(
    tls?.ciphers,
    'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
  );
});

for (const [flags, message] of [
  [{ ...files, ...dynamic }, /cannot specify both filesystem based and dynamic TLS configuration/],
  [{ metricsTlsCertFile: 'c' }, /--metrics-tls-private-key-file "": must be specified when using filesystem/],
  [
    { ...dynamic, metricsDynamicServingCaSecretName: '' },
    /--metrics-dynamic-serving-ca-secret-name "": must be specified when using dynamic/,
  ],
  [{ ...dynamic, metricsDynamicServingDnsNames: [''] }, /dns-names "": must be specified/],
  [{ ...files, metricsTlsMinVersion: 'SSLv3' }, /write VersionTLS12 or VersionTLS13/],
  [{ ...files, metricsTlsCipherSuites: ['TLS_RSA_WITH_RC4_128_SHA'] }, /suites with forward secrecy/],
] as const)
  test(`refused: ${Object.keys(flags).join(' ')}`, () => {
    assert.throws(() => read(flags), message);
  });
