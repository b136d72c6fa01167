/** Test files that start clusters of their own, because they break them or set their flags: they run beside the others. */
export const OWN_CLUSTERS: readonly string[] = [
  'test/cluster/admission-webhook.test.ts',
  'test/cluster/chart-install.test.ts',
  'test/cluster/chart-render.test.ts',
  'test/cluster/contributors.test.ts',
  'test/cluster/dns-webhook.test.ts',
  'test/cluster/failover.test.ts',
  'test/cluster/harness-restart.test.ts',
  'test/cluster/least-privilege-acme.test.ts',
  'test/cluster/least-privilege-parts.test.ts',
  'test/cluster/least-privilege.test.ts',
  'test/cluster/outages/acme-killed.test.ts',
  'test/cluster/outages/api-server-killed.test.ts',
  'test/cluster/outages/faults.test.ts',
  'test/cluster/sharding.test.ts',
];
