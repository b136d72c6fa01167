/** The flags of spec/certificate-lifecycle.md §2: each one honoured, or refused with a reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from '../errors.ts';
import { runProgram, type Surroundings } from '../program.ts';
import { defaultAcmeSettings } from '../../solvers/settings.ts';
import { controllerTable } from '../configuration/controller-table.ts';
import { readSettings, type GivenFlags } from '../configuration/settings.ts';
import { readControllerOptions, type ControllerCommandOptions } from './controller-options.ts';
import { defaultShimSettings } from './modules.ts';

interface Run {
  code: number;
  options: ControllerCommandOptions | undefined;
  err: string;
}

async function run(args: readonly string[]): Promise<Run> {
  const result: Run = { code: -1, options: undefined, err: '' };
  const surroundings: Surroundings = {
    env: {},
    out: () => undefined,
    err: (text) => void (result.err += text),
    color: false,
    pid: 1,
    signal: new AbortController().signal,
  };
  const commands = {
    up: () => Promise.reject(new Error('not asked for')),
    cainjector: () => Promise.reject(new Error('not asked for')),
    webhook: () => Promise.reject(new Error('not asked for')),
    acmesolver: () => Promise.reject(new Error('not asked for')),
    controller: async (flags: GivenFlags) => {
      result.options = readControllerOptions(await readSettings(controllerTable, flags));
      return 0;
    },
  };
  result.code = await runProgram(['controller', ...args], commands, surroundings);
  return result;
}

test('the defaults are those of the specification', async () => {
  const { options } = await run([]);
  assert.ok(options !== undefined);
  const { modules, controllers, acme, caLimits, ...others } = options;
  assert.deepEqual(caLimits, []);
  assert.deepEqual(acme, defaultAcmeSettings);
  assert.deepEqual(others, {
    roles: ['controller'],
    connection: { kubeconfig: '', context: '', inCluster: false, master: '', qps: 20, burst: 50 },
    pemLimits: { certificate: 36_500, privateKey: 13_000, chain: 95_000, bundle: 330_000 },
    leader: {
      namespace: 'kube-system',
      name: 'cert-manager-controller',
      suffix: 'external-cert-manager-controller',
      label: 'cert-manager',
      fieldManager: 'cert-manager-leader-election',
      durationMs: 60_000,
      renewDeadlineMs: 40_000,
      retryMs: 15_000,
      healthzTimeoutMs: 20_000,
    },
    shards: 1,
    metrics: { setting: '--metrics-listen-address', address: { host: '0.0.0.0', port: 9402 } },
    health: { setting: '--internal-healthz-listen-address', address: { host: '0.0.0.0', port: 9403 } },
    log: { format: 'json', level: 'info' },
    dryRun: false,
    output: 'table',
    warnings: [],
  });
  const { disabled, ...work } = controllers;
  assert.deepEqual(work, {
    clusterResourceNamespace: 'kube-system',
    namespace: undefined,
    enableCertificateOwnerRef: false,
    copiedAnnotationPrefixes: ['*', '-kubectl.kubernetes.io/', '-fluxcd.io/', '-argocd.argoproj.io/'],
    minBackoffMs: 3_600_000,
    maxBackoffMs: 32 * 3_600_000,
    concurrency: 5,
    approve: true,
    renewalInformation: true,
  });
  assert.deepEqual(modules.shim, defaultShimSettings);
  assert.deepEqual([...modules.enabled].toSorted(), defaultSet);
  assert.ok(disabled?.has('gateway-shim') === true && !disabled.has('issuers'));
});

const defaultSet = [
  'certificaterequests-approver',
  'certificaterequests-issuer-acme',
  'certificaterequests-issuer-ca',
  'certificaterequests-issuer-selfsigned',
  'certificaterequests-issuer-vault',
  'certificaterequests-issuer-venafi',
  'certificates-issuing',
  'certificates-key-manager',
  'certificates-metrics',
  'certificates-readiness',
  'certificates-request-manager',
  'certificates-revision-manager',
  'certificates-trigger',
  'challenges',
  'clusterissuers',
  'ingress-shim',
  'issuers',
  'orders',
];

type Seen = (options: ControllerCommandOptions) => unknown;
const runs =
  (name: string): Seen =>
  (options) =>
    [...options.modules.enabled].some((each) => each === name);
const honoured: [args: string[], seen: Seen, expected: unknown][] = [
  [['--cluster-resource-namespace', 'cm'], (o) => o.controllers.clusterResourceNamespace, 'cm'],
  [['--namespace=shop'], (o) => o.controllers.namespace, 'shop'],
  [['--namespace='], (o) => o.controllers.namespace, undefined],
  [['--namespace=shop'], runs('clusterissuers'), false],
  [['--enable-certificate-owner-ref'], (o) => o.controllers.enableCertificateOwnerRef, true],
  [['--enable-certificate-owner-ref=true'], (o) => o.controllers.enableCertificateOwnerRef, true],
  [['--enable-certificate-owner-ref=false'], (o) => o.controllers.enableCertificateOwnerRef, false],
  [['--copied-annotation-prefixes', '*,-a/'], (o) => o.controllers.copiedAnnotationPrefixes, ['*', '-a/']],
  [['--certificate-request-minimum-backoff-duration', '30m'], (o) => o.controllers.minBackoffMs, 1_800_000],
  [['--certificate-request-maximum-backoff-duration', '1h'], (o) => o.controllers.maxBackoffMs, 3_600_000],
  [['--concurrent-workers', '7'], (o) => o.controllers.concurrency, 7],
  [['--kube-api-qps', '100', '--kube-api-burst', '200'], (o) => o.connection.burst, 200],
  [['--kube-api-qps', '-1'], (o) => o.connection.qps, -1],
  [['--kube-api-qps=0.5'], (o) => o.connection.qps, 0.5],
  [['--master', 'http://127.0.0.1:8001'], (o) => o.connection.master, 'http://127.0.0.1:8001'],
  [['--leader-elect=false'], (o) => o.leader, undefined],
  [['--no-leader-elect'], (o) => o.leader, undefined],
  [['--leader-elect'], (o) => o.leader?.durationMs, 60_000],
  [['--leader-election-namespace', 'cert-manager'], (o) => o.leader?.namespace, 'cert-manager'],
  [
    [
      '--leader-election-lease-duration=15s',
      '--leader-election-renew-deadline=10s',
      '--leader-election-retry-period=2s',
    ],
    (o) => [o.leader?.durationMs, o.leader?.renewDeadlineMs, o.leader?.retryMs],
    [15_000, 10_000, 2_000],
  ],
  [
    ['--issuer-ambient-credentials=false', '--cluster-issuer-ambient-credentials=true'],
    (o) => o.warnings,
    [],
  ],
  [['--controllers', '*'], (o) => o.controllers.approve, true],
  [['--controllers', '*,-certificaterequests-approver'], (o) => o.controllers.approve, false],
  [['--controllers=-certificaterequests-approver'], (o) => o.controllers.approve, false],
  [['--controllers', '*,-issuers'], runs('issuers'), false],
  [['--controllers', 'issuers'], (o) => [...o.modules.enabled], ['issuers']],
  [['--controllers', '*,gateway-shim'], runs('gateway-shim'), true],
  [['--controllers', '-ingress-shim'], runs('ingress-shim'), false],
  [['--enable-gateway-api'], runs('gateway-shim'), true],
  [['--enable-gateway-api'], runs('listenerset'), false],
  [
    ['--enable-gateway-api', '--enable-gateway-api-listenerset', '--feature-gates=ListenerSets=true'],
    runs('listenerset'),
    true,
  ],
  [['--feature-gates=AllAlpha=true'], runs('certificatesigningrequests-issuer-ca'), true],
  [['--feature-gates=AllAlpha=true', '--namespace=a'], runs('certificatesigningrequests-issuer-ca'), false],
  [
    ['--default-issuer-name=ca', '--default-issuer-kind=ClusterIssuer'],
    (o) => o.modules.shim.defaultIssuerKind,
    'ClusterIssuer',
  ],
  [
    ['--auto-certificate-annotations=a/b,c/d'],
    (o) => o.modules.shim.autoCertificateAnnotations,
    ['a/b', 'c/d'],
  ],
  [['--gateway-api-extra-protocols', 'X'], (o) => o.modules.shim.gatewayApiExtraProtocols, ['X']],
  [['--max-certificate-size=1000'], (o) => o.pemLimits.certificate, 1000],
  [['--metrics-listen-address=0'], (o) => o.metrics, undefined],
  [['--metrics-listen-address=:9999'], (o) => o.metrics?.address, { host: '::', port: 9999 }],
  [['--internal-healthz-listen-address=127.0.0.1:1'], (o) => o.health?.address.port, 1],
  [['--roles=controller,cainjector,webhook'], (o) => o.roles, ['controller', 'cainjector', 'webhook']],
  [['--v=2', '--logging-format=text'], (o) => o.log, { format: 'text', level: 'info' }],
  [['-v', '5'], (o) => o.log.level, 'debug'],
  [['-v=6', '--log-level=warn'], (o) => o.log.level, 'warn'],
  [['--logging-format=text', '--log-format=json'], (o) => o.log.format, 'json'],
  [['--dry-run'], (o) => o.log.format, 'text'],
  [['--dry-run', '--logging-format=json'], (o) => o.log.format, 'json'],
  [['--controllers=*', '--controllers=-issuers'], runs('issuers'), false],
  [['--concurrent-workers=3', '--concurrent-workers=4'], (o) => o.controllers.concurrency, 4],
];
for (const [args, seen, expected] of honoured) {
  test(`honoured: ${args.join(' ')}`, async () => {
    const { code, options, err } = await run(args);
    assert.equal(code, exitCodes.ok, err);
    assert.ok(options !== undefined);
    assert.deepEqual(seen(options), expected);
  });
}

for (const row of controllerTable.rows.filter((each) => 'withoutEffect' in each)) {
  test(`without effect, and said so: --${row.flag}`, async () => {
    const values = { switch: String(!row.default), integer: '7', duration: '7s', map: 'a=b' };
    const value = values[row.kind as keyof typeof values] ?? 'x';
    const { code, options, err } = await run([`--${row.flag}=${value}`]);
    assert.equal(code, exitCodes.ok, err);
    assert.deepEqual(options?.warnings, [`--${row.flag} has no effect: ${row.withoutEffect}`]);
  });
}

test('switches that need others say so', async () => {
  for (const [args, warning] of [
    [['--enable-gateway-api-listenerset'], /^--enable-gateway-api-listenerset has no effect without/],
    [
      ['--enable-gateway-api', '--feature-gates=ExperimentalGatewayAPISupport=false'],
      /^--enable-gateway-api has no effect: the feature gate/,
    ],
    [['--output=json'], /^--output has no effect without --dry-run/],
    [['--dry-run', '--roles=controller,cainjector'], /^--dry-run tells what the role controller would do/],
  ] as const) {
    const { options } = await run(args);
    assert.match(options?.warnings[0] ?? '', warning);
  }
});

const refused: [args: string[], message: RegExp][] = [
  [['--namespace', 'Shop'], /--namespace "Shop": a namespace is/],
  [['--cluster-resource-namespace', ''], /--cluster-resource-namespace "": /],
  [
    ['--enable-certificate-owner-ref=perhaps'],
    /--enable-certificate-owner-ref "perhaps": write true or false/,
  ],
  [['--leader-elect=off'], /--leader-elect "off": write true or false/],
  [['--cluster-issuer-ambient-credentials=maybe'], /"maybe": write true or false/],
  [['--certificate-request-minimum-backoff-duration', '0s'], /"0s": write a duration above zero/],
  [
    ['--certificate-request-maximum-backoff-duration', '1m'],
    /"1m0s": must not be shorter than --certificate/,
  ],
  [['--concurrent-workers', '0'], /--concurrent-workers "0": write a whole number from 1/],
  [['--kube-api-qps', 'many'], /--kube-api-qps "many"/],
  [['--kube-api-burst', '-1'], /--kube-api-burst "-1"|argument missing/],
  [['--leader-election-namespace', 'a/b'], /--leader-election-namespace "a\/b"/],
  [['--copied-annotation-prefixes', 'a,,b'], /single commas/],
  [['--controllers', 'nonsense'], /"nonsense" is not in the list of known controllers; there are issuers/],
  [['--controllers', 'issuer'], /"issuer" is not in the list of known controllers; is issuers meant/],
  [['--controllers', 'listenerset'], /has a switch of its own/],
  [
    ['--controllers', '*,-certificates-trigger'],
    /one state machine.*: add certificates-trigger, or leave out/,
  ],
  [['--kube-api-qps', '0'], /--kube-api-qps "0": write a number above zero/],
  [['--kube-api-qps', '60'], /--kube-api-burst "50": must not be less than --kube-api-qps \(60\)/],
  [['--feature-gates=Nonsense=true'], /--feature-gates "Nonsense": the controller has no such feature gate/],
  [['--feature-gates=ListenerSets'], /write name=value/],
  [['--default-issuer-kind='], /--default-issuer-kind "": write the kind/],
  [['--max-certificate-size=400000'], /must not exceed --max-certificate-bundle-size \(330000\)/],
  [['--leader-election-renew-deadline=60s'], /"1m0s": must be shorter than --leader-election-lease-duration/],
  [['--leader-election-retry-period=35s'], /"35s": must be shorter than --leader-election-renew-deadline/],
  [['--dry-run', '--roles=cainjector'], /--dry-run "true": it tells what the role controller would do/],
  [['--roles=controler'], /--roles "controler": choose one of controller, cainjector, webhook/],
  [['--shards=2', '--leader-elect=false'], /--shards "2": shards are leases/],
  [['--metrics-listen-address=nowhere'], /--metrics-listen-address "nowhere": write host:port/],
  [
    ['--namespace=A', '--concurrent-workers=9', '--roles=x'],
    /2 settings cannot be used\n {2}--namespace.*\n {2}--roles/,
  ],
  [['--in-cluster', '--kubeconfig', 'x'], /--kubeconfig "x": leave it out, or leave out --in-cluster/],
  [['--log-level', 'loud'], /--log-level "loud": choose one of debug/],
  [['--frobnicate'], /unknown option '--frobnicate'/],
];
for (const [args, message] of refused) {
  test(`refused: ${args.join(' ')}`, async () => {
    const { code, options, err } = await run(args);
    assert.equal(code, exitCodes.usage);
    assert.equal(options, undefined);
    assert.match(err, message);
  });
}

test('an ambient default for cluster issuers is no request for anything', async () => {
  for (const value of ['true', 'false']) {
    const { code } = await run([`--cluster-issuer-ambient-credentials=${value}`]);
    assert.equal(code, exitCodes.ok);
  }
});

test('the flags of ACME reach the solvers', async () => {
  const { options } = await run([
    '--acme-http01-responder=resident',
    '--acme-http01-listen=:8089',
    '--acme-tls-alpn-listen=127.0.0.1:8443',
    '--acme-http01-public-resolver=https://dns.example/dns-query',
    '--acme-http01-solver-image=registry.example/solver:1',
    '--acme-http01-solver-nameservers=192.0.2.1:53,[2001:db8::1]:53',
    '--acme-http01-solver-extra-labels=team=web',
    '--dns01-recursive-nameservers=192.0.2.1:53,https://dns.example/dns-query',
    '--dns01-recursive-nameservers-only',
    '--dns01-check-retry-period=30s',
    '--max-concurrent-challenges=5',
    '--issuer-ambient-credentials',
    '--cluster-issuer-ambient-credentials=false',
    '--feature-gates=ACMEUseARI=false,ACMEHTTP01IngressPathTypeExact=false',
  ]);
  assert.ok(options !== undefined);
  assert.deepEqual(options.warnings, []);
  const { http01, dns, ...acme } = options.acme;
  assert.equal(options.controllers.renewalInformation, false);
  assert.deepEqual(acme, {
    maxConcurrentChallenges: 5,
    checkRetryMs: 30_000,
    ambient: { issuers: true, clusterIssuers: false },
    responder: {
      http01: { host: '::', port: 8089 },
      tlsAlpn01: { host: '127.0.0.1', port: 8443 },
    },
    renewalInformation: false,
    inCluster: true,
  });
  assert.deepEqual(
    { ...http01, pod: http01.pod.image },
    {
      pod: 'registry.example/solver:1',
      extraLabels: { team: 'web' },
      nameservers: ['192.0.2.1:53', '[2001:db8::1]:53'],
      responder: 'Resident',
      pathTypeExact: false,
      publicResolver: 'https://dns.example/dns-query',
      gatewayApi: false,
    },
  );
  assert.deepEqual(dns, {
    recursiveNameservers: ['192.0.2.1:53', 'https://dns.example/dns-query'],
    recursiveNameserversOnly: true,
    programs: {},
  });
});

test('settings of ACME that cannot work are refused with the remedy, all at once', async () => {
  const { code, err } = await run([
    '--acme-http01-responder=lambda',
    '--acme-http01-solver-nameservers=192.0.2.1',
    '--dns01-recursive-nameservers=192.0.2.1,https://user@dns.example',
    '--dns01-check-retry-period=10ms',
    '--acme-http01-solver-resource-limits-cpu=lots',
    '--acme-http01-listen=nowhere',
  ]);
  assert.equal(code, exitCodes.usage);
  for (const text of [
    'choose one of pod, resident',
    'must be in the format <ip address>:<port>',
    'must be in the format https://<DoH RFC 8484 server address>',
    'write at least 1s',
    'write a Kubernetes quantity, for example 100m',
    '--acme-http01-listen',
  ])
    assert.ok(err.includes(text), `${text} in ${err}`);
});
