/** The controller suites of `npm test` that run on the real kube-apiserver, unchanged. Why others do not: README.md. */
export const SUITES: readonly string[] = [
  'test/compat/adoption.test.ts',
  'test/compat/comparison.test.ts',
  'test/compat/in-flight.test.ts',
  'test/compat/restored.test.ts',
  'test/compat/x509-comparison.test.ts',
  'test/embedded/bad-secrets.test.ts',
  'test/embedded/certificates.test.ts',
  'test/embedded/cainjector.test.ts',
  'test/embedded/clock-jumps.test.ts',
  'test/embedded/external-issuer/answers.test.ts',
  'test/embedded/external-issuer/interruptions.test.ts',
  'test/embedded/external-issuer/refusals.test.ts',
  'test/embedded/hostile-writer.test.ts',
  'test/embedded/lint-cabf.test.ts',
  'test/embedded/namespace-end.test.ts',
  'test/embedded/outage.test.ts',
];
