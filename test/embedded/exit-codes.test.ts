/** Exit codes of the command line, each with a message that names what is wrong; and waiting for an API that is down. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { start, workspace } from './cli/run-cli.ts';

const kubeconfig = (server: string, user = 'token: abc'): string => `
apiVersion: v1
kind: Config
current-context: main
contexts: [{ name: main, context: { cluster: c, user: u } }, { name: lost, context: { cluster: gone, user: u } }]
clusters: [{ name: c, cluster: { server: "${server}", insecure-skip-tls-verify: true } }]
users: [{ name: u, user: { ${user} } }]
`;

const cases: [title: string, args: (folder: string) => string[], code: number, message: RegExp][] = [
  ['no command', () => [], 2, /Usage: certwright/],
  ['an unknown command', () => ['frobnicate'], 2, /unknown command 'certwright frobnicate'/],
  ['help', () => ['--help'], 0, /^$/],
  ['version', () => ['version', '-o', 'json'], 0, /^$/],
  ['a format that is none', () => ['version', '-o', 'xml'], 2, /--output "xml": choose one of text, json/],
  [
    'up: a folder of manifests that is not there',
    (folder) => up(folder, '--manifests', join(folder, 'no')),
    3,
    /--manifests .*no/,
  ],
  [
    'up: a token file that is not there',
    (folder) => up(folder, '--token-file', join(folder, 'no')),
    3,
    /--token-file .*no: cannot be used/,
  ],
  [
    'a context that is not there',
    (folder) => controller(folder, 'a.yaml', '--context', 'zz'),
    3,
    /no context named zz; known are: main, lost/,
  ],
  [
    'a context without cluster',
    (folder) => controller(folder, 'a.yaml', '--context', 'lost'),
    3,
    /context lost refers to cluster gone/,
  ],
  [
    'a kubeconfig that is not YAML',
    (folder) => controller(folder, 'bad.yaml'),
    3,
    /bad\.yaml is not YAML \(line \d+\)/,
  ],
  [
    'a server that is no address',
    (folder) => controller(folder, 'ftp.yaml'),
    3,
    /ftp:\/\/x: an API server is reached by https/,
  ],
  [
    'a credential program that is not there',
    (folder) => controller(folder, 'exec.yaml'),
    3,
    /credential program \/nowhere\/login could not be run/,
  ],
  [
    'in a Pod that is none',
    () => ['controller', '--in-cluster'],
    3,
    /not inside a pod: .*name a kubeconfig instead/,
  ],
];

function up(folder: string, ...args: string[]): string[] {
  return ['up', '--data-dir', join(folder, 'data'), '--listen', '127.0.0.1:0', '--once', ...args];
}
function controller(folder: string, file: string, ...args: string[]): string[] {
  return ['controller', '--no-leader-elect', '--kubeconfig', join(folder, file), ...args];
}

const files = {
  'a.yaml': kubeconfig('https://127.0.0.1:1'),
  'bad.yaml': 'contexts: [1,\n  }',
  'ftp.yaml': kubeconfig('ftp://x'),
  'exec.yaml': kubeconfig(
    'https://127.0.0.1:1',
    'exec: { apiVersion: client.authentication.k8s.io/v1, command: /nowhere/login }',
  ),
};

for (const [title, args, code, message] of cases) {
  test(`exit ${code}: ${title}`, async (t) => {
    const run = await start(t, args(workspace(t, files))).ended;
    assert.equal(run.code, code, run.err);
    assert.match(run.err, message);
    assert.doesNotMatch(run.err, /\n {4}at /, 'a stack is no message');
  });
}

test('an API that is down is waited for, with its address and the cause, until SIGTERM', async (t) => {
  const folder = workspace(t, files);
  const running = start(t, [...controller(folder, 'a.yaml'), '--log-format', 'text']);
  await running.seen(/ECONNREFUSED 127\.0\.0\.1:1; is it running/);
  running.child.kill('SIGTERM');
  const { code, err } = await running.ended;
  assert.equal(code, 0, err);
});
