import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { execPlugin } from './auth/exec-plugin.ts';
import { tokenFile } from './auth/token-file.ts';
import { endpointOf } from './connect.ts';
import { ConfigurationError, CredentialsError } from './errors.ts';
import { nodeHost, type Execution, type Host } from './host.ts';
import { inClusterEndpoint } from './in-cluster.ts';
import { loadKubeContext } from './kubeconfig.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { userAgent } from './user-agent.ts';

interface TestHost extends Host {
  files: Record<string, string>;
  runs: Execution[];
}

function hostOf(
  files: Record<string, string>,
  env: Host['env'] = {},
  answer: () => object = () => ({}),
): TestHost {
  const runs: Execution[] = [];
  return {
    files,
    runs,
    env,
    homeDirectory: '/home/u',
    readFile(path) {
      const text = files[path];
      if (text !== undefined) return Promise.resolve(text);
      return Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }));
    },
    execute(execution) {
      runs.push(execution);
      return Promise.resolve({ exitCode: 0, stdout: JSON.stringify(answer()), stderr: '' });
    },
  };
}

const one = `
current-context: c1
contexts: [{name: c1, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://one:6443", certificate-authority: pki/ca.crt}}]
`;
const two = `
current-context: c2
contexts: [{name: c2, context: {cluster: k2, user: u, namespace: n}}, {name: c1, context: {cluster: lost, user: u}}]
clusters: [{name: k2, cluster: {server: "https://two", tls-server-name: inner, proxy-url: "http://proxy:3128", certificate-authority-data: Q0E=}}]
users: [{name: u, user: {token: t, tokenFile: token}}]
`;

describe('kubeconfig', () => {
  it('merges the KUBECONFIG list: the first file that names a thing wins, paths are relative to their file', async () => {
    const host = hostOf(
      { '/a/one': one, '/b/two': two, '/b/token': 'from file\n' },
      { KUBECONFIG: '/gone:/a/one::/b/two' },
    );
    const context = await loadKubeContext(host);
    assert.equal(context.cluster['certificate-authority'], '/a/pki/ca.crt');
    assert.equal(context.user.tokenFile, '/b/token');
    assert.equal(context.namespace, 'default');
    const other = await loadKubeContext(host, { context: 'c2' });
    assert.equal(other.namespace, 'n');
    const endpoint = endpointOf(other, host, createFakeClock(0));
    assert.deepEqual(await endpoint.tls(), {
      ca: 'CA',
      cert: undefined,
      key: undefined,
      serverName: 'inner',
      insecure: false,
    });
    assert.equal(endpoint.proxyUrl, 'http://proxy:3128');
  });

  it('says which file, context, cluster or user is at fault, and quotes no secret', async () => {
    const cases: [string, RegExp][] = [
      ['a: [', /kubeconfig \/x is not YAML \(line 1\)/],
      ['users: [{name: u, user: {token: "hunter2}}]', /not YAML/],
      ['[]', /holds no mapping/],
      ['', /no current-context/],
      ['current-context: c', /no context named c; known are: none/],
      ['current-context: c\ncontexts: [{name: c, context: {cluster: k}}]', /refers to cluster k/],
      ['clusters: {}', /clusters is not a list/],
      [one, /refers to user u/],
    ];
    for (const [text, expected] of cases)
      await assert.rejects(loadKubeContext(hostOf({ '/x': text }), { file: '/x' }), (error) => {
        assert.ok(error instanceof ConfigurationError);
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      });
    await assert.rejects(loadKubeContext(hostOf({})), /looked for \/home\/u\/.kube\/config/);
  });

  it('refuses combinations that would be silently insecure', () => {
    const cluster = {
      server: 'https://x',
      'insecure-skip-tls-verify': true,
      'certificate-authority-data': 'Q0E=',
    };
    const clock = createFakeClock(0);
    assert.throws(
      () => endpointOf({ name: 'c', namespace: 'd', cluster, user: {} }, hostOf({}), clock),
      ConfigurationError,
    );
    const user = { 'client-certificate-data': 'Q0E=' };
    assert.throws(
      () =>
        endpointOf({ name: 'c', namespace: 'd', cluster: { server: 'https://x' }, user }, hostOf({}), clock),
      /needs its key/,
    );
  });

  it('finds the API server of its pod', async () => {
    const mount = '/var/run/secrets/kubernetes.io/serviceaccount';
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    const endpoint = inClusterEndpoint(
      hostOf({ [`${mount}/ca.crt`]: 'CA', [`${mount}/token`]: 'tok' }, env),
      createFakeClock(0),
    );
    assert.equal(endpoint.server, 'https://[fd00::1]:443');
    assert.deepEqual(await endpoint.tls(), { ca: 'CA' });
    assert.deepEqual(await endpoint.auth?.headers(), { authorization: 'Bearer tok' });
    assert.throws(() => inClusterEndpoint(hostOf({}), createFakeClock(0)), ConfigurationError);
  });

  it('names components as audit rules expect them', () => {
    const build = { version: 'v1', commit: 'abc', platform: 'linux', arch: 'x64' };
    assert.equal(
      userAgent('cert-manager-orders', build),
      'cert-manager-orders/v1 (linux/amd64) certwright/abc',
    );
  });
});

describe('token file', () => {
  it('is read again after a minute, survives its replacement, and at once after a refusal', async () => {
    const clock = createFakeClock(0);
    const host = hostOf({ '/t': 'one\n' });
    const auth = tokenFile('/t', host, clock);
    assert.deepEqual(await auth.headers(), { authorization: 'Bearer one' });
    host.files['/t'] = 'two';
    assert.deepEqual(await auth.headers(), { authorization: 'Bearer one' });
    await clock.advance(60_000);
    assert.deepEqual(await auth.headers(), { authorization: 'Bearer two' });
    assert.equal(await auth.refused(), false, 'the same token need not be tried again');
    host.files['/t'] = 'three';
    assert.equal(await auth.refused(), true);
    delete host.files['/t'];
    await clock.advance(120_000);
    assert.deepEqual(await auth.headers(), { authorization: 'Bearer three' });
    await assert.rejects(async () => tokenFile('/none', host, clock).headers(), CredentialsError);
  });

  it('cannot smuggle header lines', async () => {
    const auth = tokenFile('/t', hostOf({ '/t': 'a\r\nx: y' }), createFakeClock(0));
    await assert.rejects(async () => auth.headers(), CredentialsError);
  });
});

describe('exec plugin', () => {
  const v1 = 'client.authentication.k8s.io/v1';

  it('is told about the cluster, runs once for many requests, and again before expiry or after a refusal', async () => {
    const clock = createFakeClock(Date.UTC(2026, 0, 1));
    let serial = 0;
    const host = hostOf({}, { PATH: '/bin' }, () => ({
      kind: 'ExecCredential',
      apiVersion: v1,
      status: { token: `t${++serial}`, expirationTimestamp: new Date(clock.now() + 600_000).toISOString() },
    }));
    const options = {
      apiVersion: v1,
      command: 'login',
      args: ['-x'],
      env: [{ name: 'A', value: 'b' }],
      cluster: { server: 's' },
    } as const;
    const auth = execPlugin(options, host, clock);
    const headers = await Promise.all([auth.headers(), auth.headers(), auth.headers()]);
    assert.deepEqual(
      headers.map(({ authorization }) => authorization),
      ['Bearer t1', 'Bearer t1', 'Bearer t1'],
    );
    const [run] = host.runs;
    assert.equal(run?.env['A'], 'b');
    assert.equal(run.env['PATH'], '/bin');
    assert.deepEqual(JSON.parse(run.env['KUBERNETES_EXEC_INFO'] ?? ''), {
      kind: 'ExecCredential',
      apiVersion: v1,
      spec: { cluster: { server: 's' }, interactive: false },
    });
    await clock.advance(539_000);
    assert.equal((await auth.headers())['authorization'], 'Bearer t1');
    await clock.advance(2_000);
    assert.equal((await auth.headers())['authorization'], 'Bearer t2', 'a minute before the end');
    assert.equal(await auth.refused(), true);
    assert.equal((await auth.headers())['authorization'], 'Bearer t3');
  });

  it('refuses answers that are not what was asked for', async () => {
    const answers = [
      {},
      { kind: 'ExecCredential', apiVersion: 'v0' },
      { kind: 'ExecCredential', apiVersion: v1, status: {} },
    ];
    for (const answer of answers) {
      const auth = execPlugin(
        { apiVersion: v1, command: 'login' },
        hostOf({}, {}, () => answer),
        createFakeClock(0),
      );
      await assert.rejects(async () => auth.headers(), CredentialsError);
    }
  });

  it('runs real programs, bounded, and shows the way when there is none', async () => {
    const host = nodeHost({ PATH: '/usr/bin:/bin' }, '/');
    const script = `echo '{"kind":"ExecCredential","apiVersion":"${v1}","status":{"token":"real"}}'`;
    const auth = execPlugin(
      { apiVersion: v1, command: '/bin/sh', args: ['-c', script] },
      host,
      createFakeClock(0),
    );
    assert.deepEqual(await auth.headers(), { authorization: 'Bearer real' });
    const missing = execPlugin(
      { apiVersion: v1, command: 'no-such-program', installHint: 'install it' },
      host,
      createFakeClock(0),
    );
    await assert.rejects(async () => missing.headers(), /install it/);
    const failing = execPlugin(
      { apiVersion: v1, command: '/bin/sh', args: ['-c', 'echo why >&2; exit 3'] },
      host,
      createFakeClock(0),
    );
    await assert.rejects(async () => failing.headers(), /code 3: why/);
    const slow = { command: '/bin/sh', args: ['-c', 'exec sleep 20'], env: {}, timeoutMs: 50 };
    await assert.rejects(host.execute(slow), /SIGKILL/);
  });
});
