import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { ChallengeAnswers } from './challenge-answers.ts';
import { startHttp01Listener, type SeenRequest } from './http01-listener.ts';
import { ListenError } from './responder-errors.ts';

const setting = '--acme-http01-listen';
const token = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA';
const keyAuthorization = `${token}.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI`;
const path = `/.well-known/acme-challenge/${token}`;

async function listening(context: TestContext, host = '127.0.0.1') {
  const answers = new ChallengeAnswers();
  answers.setHttp01('1', { domain: 'example.com', token, keyAuthorization });
  answers.setHttp01('2', { domain: '2001:db8::1', token, keyAuthorization: `${token}.six` });
  const seen: SeenRequest[] = [];
  const listener = await startHttp01Listener({
    address: { host, port: 0 },
    answers,
    setting,
    onRequest: (request) => seen.push(request),
  });
  context.after(() => listener.close());
  return { listener, answers, seen, port: listener.address.port };
}

/** What a server says to these very bytes. */
async function say(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(bytes);
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  await once(socket, 'close');
  return heard;
}

const get = (target: string, host: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

suite('the HTTP-01 listener', () => {
  test('answers with the key authorization and nothing around it', async (context) => {
    const { port, seen } = await listening(context);
    const heard = await say(port, get(path, 'example.com'));
    assert.match(heard, /^HTTP\/1\.1 200 /);
    assert.match(heard, /cache-control: no-cache, no-store, must-revalidate/i);
    assert.equal(heard.split('\r\n\r\n')[1], keyAuthorization);
    assert.deepEqual(seen, [{ host: 'example.com', token, answered: true, remote: '127.0.0.1' }]);
  });

  test('takes the host without port, case and brackets, and the path without its query', async (context) => {
    const { port } = await listening(context);
    for (const host of ['example.com:80', 'EXAMPLE.com', 'example.com.'])
      assert.match(await say(port, get(path, host)), /^HTTP\/1\.1 200 /, host);
    assert.match(await say(port, get(`${path}?x=1`, 'example.com')), /^HTTP\/1\.1 200 /);
    assert.match(await say(port, get(`http://example.com${path}`, 'ignored.example')), /^HTTP\/1\.1 200 /);
    assert.ok((await say(port, get(path, '[2001:DB8:0::1]:80'))).endsWith(`${token}.six`));
  });

  test('knows nothing of other hosts, tokens and paths', async (context) => {
    const { port } = await listening(context);
    for (const [target, host] of [
      [path, 'other.example'],
      [path, ''],
      [`${path}x`, 'example.com'],
      [`/x${path}`, 'example.com'],
      [`/.well-known/acme-challenge/../acme-challenge/${token}`, 'example.com'],
      [`/.well-known/acme-challenge/%2e%2e/${token}`, 'example.com'],
      [path.replace('evaG', '%65vaG'), 'example.com'],
      ['/.well-known/acme-challenge/', 'example.com'],
      ['/', 'example.com'],
    ] as const)
      assert.match(
        await say(port, get(target, host)),
        /^HTTP\/1\.1 404 [^]*404 page not found/,
        `${target} ${host}`,
      );
  });

  test('says that it is well, to whoever asks', async (context) => {
    const { port, seen } = await listening(context);
    assert.match(await say(port, get('/healthz', 'anything')), /^HTTP\/1\.1 200 [^]*\r\n\r\n$/);
    assert.deepEqual(seen, []);
  });

  test('cuts off those who send too much, or no HTTP', async (context) => {
    const { port } = await listening(context);
    const long = `GET ${path} HTTP/1.1\r\nHost: example.com\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`;
    assert.match(await say(port, long), /^HTTP\/1\.1 4/);
    assert.match(await say(port, 'EHLO mail.example\r\n\r\n'), /^HTTP\/1\.1 400 /);
    const body = `POST ${path} HTTP/1.1\r\nHost: example.com\r\nContent-Length: 9999\r\n\r\nabc`;
    assert.match(await say(port, body), /connection: close/i);
  });

  test('says which setting is at fault when the address is taken', async (context) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    context.after(() => other.close());
    const { port } = other.address() as { port: number };
    const started = startHttp01Listener({
      address: { host: '127.0.0.1', port },
      answers: new ChallengeAnswers(),
      setting,
      webroot: '--acme-webroot',
    });
    await assert.rejects(started, (error: unknown) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.reason, 'EADDRINUSE');
      assert.equal(error.retryable, true);
      assert.match(error.message, /^--acme-http01-listen 127\.0\.0\.1:\d+: another program listens there: /);
      assert.match(error.message, /pass \/\.well-known\/acme-challenge\/ on .* \(--acme-webroot\)$/);
      return true;
    });
  });

  test('listens everywhere when no host is named', async (context) => {
    const { port } = await listening(context, '');
    assert.match(await say(port, get(path, 'example.com')), /^HTTP\/1\.1 200 /);
  });
});
