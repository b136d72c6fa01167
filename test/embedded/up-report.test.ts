/** What `up --once` says to scripts: the shape of its JSON and YAML, and reasons that name object, cause and remedy. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { smallFleet, start, up, workspace } from './cli/run-cli.ts';

interface Report {
  ready: boolean;
  kubeconfig: string;
  problems: { object?: string; file?: string; line?: number; message: string }[];
  certificates: Record<string, unknown>[];
}

const brokenIssuer = `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: broken, namespace: shop }
spec: { ca: { secretName: missing } }
`;

test('JSON and YAML say the same, with the documented fields', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet });
  const args = ['--export', join(folder, 'out'), '--once', '--timeout', '20s', '--log-level', 'warn'];
  const json = await up(t, folder, ...args, '-o', 'json').ended;
  assert.equal(json.code, 0, json.err);
  const report = JSON.parse(json.out) as Report;
  assert.deepEqual(Object.keys(report), ['ready', 'kubeconfig', 'problems', 'certificates']);
  assert.equal(report.ready, true);
  assert.deepEqual(report.problems, []);
  const [, leaf] = report.certificates;
  assert.deepEqual(Object.keys(leaf ?? {}).toSorted(), [
    'chain',
    'directory',
    'files',
    'hooks',
    'issuer',
    'message',
    'name',
    'namespace',
    'notAfter',
    'ready',
    'reason',
    'renewalTime',
    'secretName',
  ]);
  assert.deepEqual(
    [leaf?.['namespace'], leaf?.['name'], leaf?.['issuer'], leaf?.['secretName'], leaf?.['chain']],
    ['shop', 'leaf', 'ClusterIssuer/ca', 'leaf-tls', ['CN=leaf', 'CN=Root']],
  );
  const yaml = await up(t, folder, ...args, '-o', 'yaml').ended;
  assert.equal(yaml.code, 0, yaml.err);
  assert.deepEqual(parse(yaml.out), report);
});

test('an issuer that cannot sign is named with cause and remedy, also when no Certificate asks it: exit 1', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet, 'manifests/issuer.yaml': brokenIssuer });
  const args = ['--once', '--timeout', '3s', '--log-level', 'warn'];
  const run = await up(t, folder, ...args, '-o', 'json').ended;
  assert.equal(run.code, 1);
  const report = JSON.parse(run.out) as Report;
  assert.equal(report.ready, false);
  assert.equal(report.problems.length, 1);
  assert.equal(report.problems[0]?.object, 'Issuer shop/broken');
  assert.match(
    report.problems[0]?.message ?? '',
    /^is not Ready: .*secret shop\/missing not found; create it/,
  );
  assert.ok(report.certificates.every((certificate) => certificate['ready'] === true));
});

test('an issuer of a type that is not included fails at once, not after the timeout', async (t) => {
  const vault = brokenIssuer.replace(
    'ca: { secretName: missing }',
    'vault: { server: https://v.example, path: p, auth: { tokenSecretRef: { name: t, key: k } } }',
  );
  const folder = workspace(t, { 'manifests/issuer.yaml': vault });
  const run = await up(t, folder, '--once', '--timeout', '1h', '--log-level', 'error').ended;
  assert.equal(run.code, 1);
  assert.match(run.out, /Problems:\n {2}Issuer shop\/broken is not Ready: .*vault/);
});

test('the bash completion offers commands, flags and shells', async (t) => {
  const { out, code } = await start(t, ['completion', 'bash']).ended;
  assert.equal(code, 0);
  const complete = (...words: string[]): string[] => {
    const script = `${out}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_certwright; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const run = spawnSync('bash', ['--norc', '-euc', script], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    return run.stdout.split('\n').filter((line) => line !== '');
  };
  for (const command of ['completion', 'controller', 'rbac', 'up', 'version'])
    assert.ok(complete('certwright', '').includes(command), command);
  assert.deepEqual(complete('certwright', 'cont'), ['controller']);
  assert.ok(complete('certwright', 'controller', '--name').includes('--namespace'));
  assert.ok(complete('certwright', 'up', '--').includes('--manifests'));
  assert.deepEqual(complete('certwright', 'completion', 'z'), ['zsh']);
  assert.ok(complete('certwright', 'acme', '').includes('account'));
  assert.deepEqual(complete('certwright', 'acme', 'account', 'r'), ['rollover']);
  assert.deepEqual(complete('certwright', 'acme', 'account', 'rollover', '--key-a'), ['--key-algorithm']);
  assert.deepEqual(complete('certwright', 'acme', 'revoke', '--reason', 'k'), ['keyCompromise']);
  assert.deepEqual(complete('certwright', 'up', '-o', ''), ['table', 'json', 'yaml']);
  assert.deepEqual(complete('certwright', 'version', '--output', 'j'), ['json']);
  assert.deepEqual(complete('certwright', 'up', '--log-level', 'w'), ['warn']);
  assert.ok(complete('certwright', 'up', '--export', '/').length > 0, 'paths after a folder flag');
});

test('zsh and fish are given every command and flag, quotes balanced', async (t) => {
  for (const shell of ['zsh', 'fish']) {
    const { out, code } = await start(t, ['completion', shell]).ended;
    assert.equal(code, 0);
    for (const word of ['controller', 'completion', 'leader-election-namespace', 'manifests', 'timeout'])
      assert.ok(out.includes(word), `${shell}: ${word}`);
    for (const line of out.split('\n').filter((text) => !text.startsWith('#')))
      assert.equal(line.split("'").length % 2, 1, `${shell}: ${line}`);
  }
  const unknown = await start(t, ['completion', 'cmd']).ended;
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /completion "cmd": choose one of bash, zsh, fish/);
});

test('requests that nobody approved are named, with the command that approves them', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet });
  const run = await up(t, folder, '--once', '--timeout', '2s', '--no-auto-approve').ended;
  assert.equal(run.code, 1);
  assert.match(run.out, /Nobody has approved these CertificateRequests[^]*cert-manager\/root-1\n/);
  assert.match(
    run.out,
    /kubectl patch certificaterequest root-1 --namespace cert-manager --subresource=status/,
  );
});
