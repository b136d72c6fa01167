/** The bounds of one request: who leaves, before its turn and during the answer, holds up nobody else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Agent } from 'undici';
import { exchange, type WholeAnswer } from './exchange.ts';

describe('one request and its answer', () => {
  const narrow = new Agent({ connections: 1, pipelining: 1, allowH2: false });
  const server = createServer((request, response) => answer(request, response));
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let origin = '';
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    await narrow.destroy();
    server.closeAllConnections();
    server.close();
  });
  const ask = (path: string, signal = new AbortController().signal): Promise<WholeAnswer> =>
    exchange(
      narrow,
      { origin, path, method: 'GET' },
      { signal, maxBytes: 1000, tooLong: (status) => new Error(`too long, ${status}`) },
    );

  it('is whole however it comes, and an empty one is empty', async () => {
    answer = ({ url }, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.writeHead(url === '/empty' ? 204 : 201, { 'replay-nonce': 'n' });
      if (url !== '/empty') response.write('one ');
      response.end(url === '/empty' ? '' : 'two');
    };
    const { status, headers, body } = await ask('/');
    assert.deepEqual([status, headers['replay-nonce'], body.toString()], [201, 'n', 'one two']);
    assert.deepEqual([(await ask('/empty')).status, (await ask('/empty')).body.length], [204, 0]);
  });

  it('is refused where it is too long, and the next is served', async () => {
    answer = ({ url }, response) => response.end(Buffer.alloc(url === '/long' ? 1001 : 1000));
    await assert.rejects(ask('/long'), /too long, 200/u);
    assert.equal((await ask('/')).body.length, 1000);
  });

  it('is left in the middle of the body: its connection ends, and no listener stays', async () => {
    const begun = Promise.withResolvers<ServerResponse>();
    answer = (_request, response) => {
      response.write('some');
      begun.resolve(response);
    };
    const stop = new AbortController();
    const left = ask('/', stop.signal);
    const response = await begun.promise;
    stop.abort(new Error('enough'));
    await assert.rejects(left, /enough/u);
    if (!response.destroyed) await once(response, 'close');
  });

  it('is never sent where the caller leaves before its turn', async () => {
    const seen: string[] = [];
    const first = Promise.withResolvers<ServerResponse>();
    answer = ({ url = '' }, response) => {
      seen.push(url);
      if (url === '/first') first.resolve(response);
      else response.end();
    };
    const served = ask('/first');
    const response = await first.promise;
    const stop = new AbortController();
    const waiting = ask('/waiting', stop.signal);
    const last = ask('/last');
    stop.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/u);
    response.end();
    await Promise.all([served, last]);
    await assert.rejects(ask('/none', stop.signal), /enough/u);
    assert.deepEqual(seen, ['/first', '/last']);
  });
});
