/** Credentials from programs: when they are run, what they are told, what they may answer. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configMaps } from '../../api/resources.ts';
import { systemClock } from '../clock.ts';
import { connect, endpointOf } from '../connect.ts';
import { CredentialsError } from '../errors.ts';
import { nodeHost, type Execution, type Host } from '../host.ts';
import { createKubeClient } from '../http-client.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { execPlugin, type ExecPluginOptions } from './exec-plugin.ts';

const apiVersion = 'client.authentication.k8s.io/v1';
const start = Date.parse('2026-01-01T00:00:00Z');
const options: ExecPluginOptions = { apiVersion, command: 'login', args: ['--cluster', 'a'] };

function credential(status: object, kind = 'ExecCredential', version = apiVersion): string {
  return JSON.stringify({ kind, apiVersion: version, status });
}

/** A host whose program answers `answers` one after the other; the last one again and again. */
function hostThat(
  ...answers: (string | Error | { exitCode: number; stderr: string })[]
): Host & { runs: Execution[] } {
  const runs: Execution[] = [];
  return {
    env: { PATH: '/bin', HOME: '/home/x' },
    homeDirectory: '/home/x',
    readFile: () => Promise.reject(new Error('no files')),
    runs,
    execute(execution) {
      const answer = answers[Math.min(runs.length, answers.length - 1)] ?? '';
      runs.push(execution);
      if (answer instanceof Error) return Promise.reject(answer);
      if (typeof answer === 'string') return Promise.resolve({ exitCode: 0, stdout: answer, stderr: '' });
      return Promise.resolve({ ...answer, stdout: '' });
    },
  };
}

test('a token is used until a minute before it expires; then the program is asked again', async () => {
  const clock = createFakeClock(start);
  const host = hostThat(
    credential({ token: 'one', expirationTimestamp: '2026-01-01T01:00:00Z' }),
    credential({ token: 'two', expirationTimestamp: '2026-01-01T02:00:00Z' }),
  );
  const auth = execPlugin(options, host, clock);
  assert.deepEqual(await auth.headers(), { authorization: 'Bearer one' });
  await clock.advance(58 * 60_000);
  assert.deepEqual(await auth.headers(), { authorization: 'Bearer one' });
  assert.equal(host.runs.length, 1);
  await clock.advance(60_000);
  assert.deepEqual(await auth.headers(), { authorization: 'Bearer two' });
  assert.equal(host.runs.length, 2);
});

test('many requests at once run the program once, and a refusal runs it again', async () => {
  const host = hostThat(credential({ token: 'one' }), credential({ token: 'two' }));
  const auth = execPlugin(options, host, createFakeClock(start));
  await Promise.all(Array.from({ length: 20 }, async () => auth.headers()));
  assert.equal(host.runs.length, 1);
  assert.equal(auth.refused(), true);
  assert.deepEqual(await auth.headers(), { authorization: 'Bearer two' });
});

test('the program is told what kubectl tells it, in the environment', async () => {
  const cluster = { server: 'https://a.example' };
  const host = hostThat(credential({ token: 't' }));
  const auth = execPlugin(
    { ...options, env: [{ name: 'REGION', value: 'eu' }], cluster },
    host,
    createFakeClock(start),
  );
  await auth.headers();
  const [run] = host.runs;
  assert.deepEqual([run?.command, run?.args], ['login', ['--cluster', 'a']]);
  assert.equal(run?.env['PATH'], '/bin');
  assert.equal(run?.env['REGION'], 'eu');
  assert.deepEqual(JSON.parse(run?.env['KUBERNETES_EXEC_INFO'] ?? ''), {
    kind: 'ExecCredential',
    apiVersion,
    spec: { cluster, interactive: false },
  });
});

test('a client certificate may come in place of a token', async () => {
  const host = hostThat(credential({ clientCertificateData: 'C', clientKeyData: 'K' }));
  const auth = execPlugin(options, host, createFakeClock(start));
  assert.deepEqual(await auth.certificate(), { cert: 'C', key: 'K' });
  assert.deepEqual(await auth.headers(), {});
});

const refused: [title: string, answer: Parameters<typeof hostThat>[0], message: RegExp][] = [
  [
    'a program that is not there',
    new Error('spawn login ENOENT'),
    /login could not be run\nInstall it: see docs/,
  ],
  ['a program that fails', { exitCode: 7, stderr: 'please log in' }, /ended with code 7: please log in/],
  ['something that is not JSON', 'secret-token', /printed something that is not JSON/],
  ['JSON that is no object', 'null', /did not print an ExecCredential/],
  ['another kind', credential({ token: 't' }, 'Pod'), /did not print an ExecCredential/],
  ['another version', credential({ token: 't' }, 'ExecCredential', 'v9'), /ExecCredential of client/],
  ['nothing in it', credential({}), /neither token nor certificate/],
  ['a certificate without key', credential({ clientCertificateData: 'C' }), /certificate without its key/],
  [
    'a time that is none',
    credential({ token: 't', expirationTimestamp: 'soon' }),
    /expirationTimestamp that is no time/,
  ],
];
for (const [title, answer, message] of refused) {
  test(`refused: ${title}`, async () => {
    const installHint = 'Install it: see docs';
    const auth = execPlugin({ ...options, installHint }, hostThat(answer), createFakeClock(start));
    await assert.rejects(Promise.resolve(auth.headers()), (error) => {
      assert.ok(error instanceof CredentialsError);
      assert.match(error.message, message);
      assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /secret-token/);
      return true;
    });
  });
}

test('a real program: its token is renewed when the server refuses it, and told to nobody else', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [script, counter] = [join(folder, 'login.cjs'), join(folder, 'runs')];
  writeFileSync(
    script,
    `const fs = require('node:fs');
fs.appendFileSync(${JSON.stringify(counter)}, 'x');
const { apiVersion } = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
const token = 'token-' + fs.readFileSync(${JSON.stringify(counter)}).length;
console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion, status: { token } }));`,
  );
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization ?? '');
    response.statusCode = seen.at(-1) === 'Bearer token-2' ? 200 : 401;
    const ok = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
    response.end(JSON.stringify(response.statusCode === 200 ? ok : { kind: 'Status', code: 401 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const exec = { apiVersion, command: process.execPath, args: [script] };
  const context = {
    name: 'c',
    namespace: 'default',
    cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    user: { exec },
  };
  const endpoint = endpointOf(context, nodeHost({}, folder), systemClock);
  const connection = await connect(endpoint, { clock: systemClock, random: () => 0 });
  const client = createKubeClient(connection);
  for (let i = 0; i < 3; i++) await client.get(configMaps, { namespace: 'n', name: 'x' });
  await connection.close();
  assert.deepEqual(seen, ['Bearer token-1', ...Array.from({ length: 3 }, () => 'Bearer token-2')]);
  assert.equal(readFileSync(counter, 'utf8'), 'xx');
});

test('a real program that is not there, fails, or prints without end is an error with its name', async () => {
  const host = nodeHost({}, '/');
  const node = process.execPath;
  const bad: [command: string, args: string[], message: RegExp][] = [
    ['/nowhere/login', [], /\/nowhere\/login could not be run/],
    [node, ['-e', 'console.error("no session"); process.exit(3)'], /ended with code 3: no session/],
    [
      node,
      ['-e', 'const s = "x".repeat(1 << 16); for (;;) require("node:fs").writeSync(1, s)'],
      /could not be run/,
    ],
  ];
  for (const [command, args, message] of bad) {
    const auth = execPlugin({ apiVersion, command, args }, host, systemClock);
    await assert.rejects(Promise.resolve(auth.headers()), message);
  }
});
