/** The program of a solver Pod, as a process and in this one: what it answers, to whom, and that it ends when it is asked to. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { runAcmesolver } from './acmesolver.ts';
import { meansAcmesolver } from './means-acmesolver.ts';

const path = '/.well-known/acme-challenge/tok-1_A';
const key = 'tok-1_A.thumb';
const flagsFor = (domain: string): string[] => [
  '--listen-port=0',
  `--domain=${domain}`,
  '--token=tok-1_A',
  `--key=${key}`,
];

interface Answer {
  status: number;
  body: string;
  cache: string | undefined;
}

function get(port: number, at: string, host: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request(
      { host: '127.0.0.1', port, path: at, method, headers: { Host: host, Connection: 'close' } },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body, cache: response.headers['cache-control'] }),
        );
      },
    );
    asking.on('error', reject);
    asking.end();
  });
}

async function started(
  t: TestContext,
  args: readonly string[],
): Promise<{ port: number; log: () => string }> {
  const stop = new AbortController();
  let log = '';
  const said = Promise.withResolvers<void>();
  const run = runAcmesolver(args, {
    signal: stop.signal,
    err: (text) => {
      log += text;
      said.resolve();
    },
  });
  t.after(async () => {
    stop.abort();
    assert.equal(await run, 0);
  });
  await Promise.race([said.promise, run]);
  return { port: Number(/on port (\d+)/.exec(log)?.[1]), log: () => log };
}

test('answers its host and token alone', async (t) => {
  const { port, log } = await started(t, flagsFor('example.com'));
  const right = await get(port, path, 'example.com:80');
  assert.deepEqual(right, { status: 200, body: key, cache: 'no-cache, no-store, must-revalidate' });
  // Names have no case (RFC 4343), whatever a proxy makes of them.
  assert.equal((await get(port, path, 'EXAMPLE.com')).body, key);
  for (const [at, host] of [
    [path, 'other.example.com'],
    [`${path}x`, 'example.com'],
    [`${path}/`, 'example.com'],
    ['/.well-known/acme-challenge/', 'example.com'],
    ['/.well-known/acme-challenge/../acme-challenge/tok-1_A', 'example.com'],
    ['/.well-known/acme-challenge/%74ok-1_A', 'example.com'],
    ['/secret', 'example.com'],
  ] as const)
    assert.equal((await get(port, at, host)).status, 404, `${host}${at}`);
  assert.match(log(), /answered "example.com" token "tok-1_A"/);
  assert.ok(!log().includes(key), 'the key authorization is in the log');
});

test('says that it is alive, whatever the host', async (t) => {
  const { port } = await started(t, flagsFor('example.com'));
  for (const at of ['/', '/healthz'])
    assert.deepEqual(await get(port, at, 'x'), {
      status: 200,
      body: '',
      cache: 'no-cache, no-store, must-revalidate',
    });
});

test('an IPv6 address is asked for in brackets', async (t) => {
  const { port } = await started(t, ['acmesolver', ...flagsFor('2001:db8::1')]);
  assert.equal((await get(port, path, '[2001:db8::1]:80')).body, key);
  assert.equal((await get(port, path, '[2001:DB8:0:0::1]')).body, key);
});

test('a command line that cannot work is refused with its flag', async () => {
  for (const [args, words] of [
    [['acmesolver', '--token=a', '--key=b'], /--domain is missing/],
    [['acmesolver', '--domain=a', '--token=a'], /--key is missing/],
    [[...flagsFor('a').slice(1), '--listen-port=70000'], /--listen-port must be a number/],
    [[...flagsFor('a'), '--nonsense'], /nonsense/],
  ] as const) {
    let said = '';
    const run = runAcmesolver([...args], { signal: AbortSignal.abort(), err: (text) => (said += text) });
    assert.equal(await run, 2);
    assert.match(said, words);
  }
});

test('is meant by arguments without a command', () => {
  for (const args of [['acmesolver'], ['--listen-port=8089'], ['--domain', 'x'], ['--key=x']])
    assert.ok(meansAcmesolver(args), args.join(' '));
  for (const args of [[], ['up'], ['--help'], ['--listen'], ['controller', '--listen-port=1']])
    assert.ok(!meansAcmesolver(args), args.join(' '));
});

for (const entry of ['image-entry.ts', 'main.ts'])
  test(`as a process, from ${entry}: serves with the arguments of a solver Pod, and ends on SIGTERM`, async () => {
    const program = join(import.meta.dirname, '..', entry);
    const child = spawn(process.execPath, [program, ...flagsFor('example.com')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    let log = '';
    const port = await new Promise<number>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        const found = /on port (\d+)\n/.exec(log)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
      child.on('exit', () => resolve(0));
    });
    const answer = port === 0 ? undefined : await get(port, path, 'example.com');
    child.kill('SIGTERM');
    assert.equal(await ended, 0, log);
    assert.equal(answer?.body, key);
  });
