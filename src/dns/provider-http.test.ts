import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { test } from 'node:test';
import { MockAgent } from 'undici';
import { DeadlineError } from './deadline.ts';
import { MalformedMessageError } from './errors.ts';
import { createProviderHttp } from './provider-http.ts';

const patient = { now: () => 0, after: () => ({ cancel: () => undefined }) };

async function withServer(listener: RequestListener, run: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  try {
    await run(`http://127.0.0.1:${port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('one request, one answer, headers as text', () =>
  withServer(
    (request, response) => {
      request.resume().on('end', () => {
        response.writeHead(201, {
          'set-cookie': ['a=1', 'b=2'],
          'x-method': request.method,
          'x-token': request.headers['x-token'],
        });
        response.end('done');
      });
    },
    async (url) => {
      const http = createProviderHttp({ clock: patient });
      const answer = await http.request({
        method: 'PATCH',
        url: `${url}/a?b=c`,
        headers: { 'x-token': 't' },
        body: '{}',
      });
      assert.deepEqual([answer.status, answer.body], [201, 'done']);
      assert.deepEqual(
        [answer.headers['set-cookie'], answer.headers['x-method'], answer.headers['x-token']],
        ['a=1, b=2', 'PATCH', 't'],
      );
    },
  ));

test('redirects are answers, which carry no credentials anywhere', () =>
  withServer(
    (_, response) => response.writeHead(307, { location: 'http://169.254.169.254/' }).end(),
    async (url) => {
      const answer = await createProviderHttp({ clock: patient }).request({ method: 'GET', url });
      assert.deepEqual([answer.status, answer.headers['location']], [307, 'http://169.254.169.254/']);
    },
  ));

test('a body of more than 1 MiB is not read to its end', () =>
  withServer(
    (_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more);
      more();
    },
    async (url) => {
      await assert.rejects(
        createProviderHttp({ clock: patient }).request({ method: 'GET', url }),
        MalformedMessageError,
      );
    },
  ));

test('a server that says nothing is left after the time, and when the caller wants no more', () =>
  withServer(
    () => undefined,
    async (url) => {
      const hasty = {
        now: () => 0,
        after(_: number, task: () => void) {
          const immediate = setImmediate(task);
          return { cancel: () => clearImmediate(immediate) };
        },
      };
      await assert.rejects(
        createProviderHttp({ clock: hasty }).request({ method: 'GET', url }),
        DeadlineError,
      );
      const stop = new AbortController();
      const asking = createProviderHttp({ clock: patient }).request({
        method: 'GET',
        url,
        signal: stop.signal,
      });
      stop.abort(new Error('enough'));
      await assert.rejects(asking, /^Error: enough$/u);
    },
  ));

test('goes through whoever carries requests to that address', async () => {
  const agent = new MockAgent();
  agent.disableNetConnect();
  agent.get('https://api.example').intercept({ path: '/zones', method: 'GET' }).reply(200, 'zones');
  const asked: string[] = [];
  const http = createProviderHttp({
    clock: patient,
    dispatcherFor: (url) => {
      asked.push(url.host);
      return agent;
    },
  });
  assert.equal((await http.request({ method: 'GET', url: 'https://api.example/zones' })).body, 'zones');
  assert.deepEqual(asked, ['api.example']);
  await agent.close();
});
