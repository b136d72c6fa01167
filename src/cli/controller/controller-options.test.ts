/** The flags of spec/certificate-lifecycle.md §2: each one honoured, or refused with a reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from '../errors.ts';
import { runProgram, type Surroundings } from '../program.ts';
import { readControllerOptions, type ControllerCommandOptions } from './controller-options.ts';

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
    controller: (flags: Parameters<typeof readControllerOptions>[0]) => {
      result.options = readControllerOptions(flags);
      return Promise.resolve(0);
    },
  };
  result.code = await runProgram(['controller', ...args], commands, surroundings);
  return result;
}

test('the defaults are those of the specification', async () => {
  const { options } = await run([]);
  assert.deepEqual(options, {
    inCluster: false,
    clusterResourceNamespace: 'kube-system',
    enableCertificateOwnerRef: false,
    minBackoffMs: 3_600_000,
    maxBackoffMs: 32 * 3_600_000,
    approve: true,
    concurrency: 5,
    qps: 20,
    burst: 50,
    leaderElect: true,
    leaderElectionNamespace: 'kube-system',
    logFormat: 'json',
    logLevel: 'info',
  });
});

const honoured: [args: string[], expected: Partial<ControllerCommandOptions>][] = [
  [['--cluster-resource-namespace', 'cert-manager'], { clusterResourceNamespace: 'cert-manager' }],
  [['--namespace=shop'], { namespace: 'shop' }],
  [['--namespace='], { namespace: undefined }],
  [['--enable-certificate-owner-ref'], { enableCertificateOwnerRef: true }],
  [['--enable-certificate-owner-ref=true'], { enableCertificateOwnerRef: true }],
  [['--enable-certificate-owner-ref=false'], { enableCertificateOwnerRef: false }],
  [['--copied-annotation-prefixes', '*,-a.example/'], { copiedAnnotationPrefixes: ['*', '-a.example/'] }],
  [['--certificate-request-minimum-backoff-duration', '30m'], { minBackoffMs: 1_800_000 }],
  [['--certificate-request-maximum-backoff-duration', '1h'], { maxBackoffMs: 3_600_000 }],
  [['--concurrent-workers', '7'], { concurrency: 7 }],
  [['--kube-api-qps', '100', '--kube-api-burst', '200'], { qps: 100, burst: 200 }],
  [['--leader-elect=false'], { leaderElect: false }],
  [['--no-leader-elect'], { leaderElect: false }],
  [['--leader-elect'], { leaderElect: true }],
  [['--leader-election-namespace', 'cert-manager'], { leaderElectionNamespace: 'cert-manager' }],
  [['--issuer-ambient-credentials=false', '--cluster-issuer-ambient-credentials=true'], {}],
  [['--controllers', '*'], { approve: true }],
  [['--controllers', '*,-certificaterequests-approver'], { approve: false }],
  [['--controllers=-certificaterequests-approver'], { approve: false }],
];
for (const [args, expected] of honoured) {
  test(`honoured: ${args.join(' ')}`, async () => {
    const { code, options, err } = await run(args);
    assert.equal(code, exitCodes.ok, err);
    for (const [name, value] of Object.entries(expected))
      assert.deepEqual(options?.[name as keyof ControllerCommandOptions], value, name);
  });
}

const refused: [args: string[], message: RegExp][] = [
  [['--namespace', 'Shop'], /--namespace "Shop": a namespace is/],
  [['--cluster-resource-namespace', ''], /--cluster-resource-namespace "": /],
  [
    ['--enable-certificate-owner-ref=perhaps'],
    /--enable-certificate-owner-ref "perhaps": write true or false/,
  ],
  [['--leader-elect=off'], /--leader-elect "off": write true or false/],
  [['--issuer-ambient-credentials'], /--issuer-ambient-credentials "true": leave it out: no issuer type/],
  [['--cluster-issuer-ambient-credentials=maybe'], /"maybe": write true or false/],
  [['--certificate-request-minimum-backoff-duration', '0s'], /"0s": write a duration above zero/],
  [['--certificate-request-maximum-backoff-duration', '1m'], /"1m": must not be shorter than --certificate/],
  [['--concurrent-workers', '0'], /--concurrent-workers "0": write a whole number from 1/],
  [['--kube-api-qps', 'many'], /--kube-api-qps "many"/],
  [['--kube-api-burst', '-1'], /--kube-api-burst "-1"|argument missing/],
  [['--leader-election-namespace', 'a/b'], /--leader-election-namespace "a\/b"/],
  [['--copied-annotation-prefixes', 'a,,b'], /single commas/],
  [['--controllers', 'nonsense'], /there is no controller "nonsense"; there are certificates-trigger/],
  [['--controllers', '*,-issuers'], /only -certificaterequests-approver can be left out/],
  [['--controllers', 'issuers'], /only -certificaterequests-approver can be left out/],
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
