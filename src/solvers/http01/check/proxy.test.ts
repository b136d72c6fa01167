/** The proxy that the environment names, by the customs of Go and curl. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proxyFor } from './proxy.ts';

test('HTTP_PROXY, lower case first, with credentials', () => {
  assert.deepEqual(proxyFor('a.example', { HTTP_PROXY: 'http://p.example:3128' }), {
    host: 'p.example',
    port: 3128,
  });
  assert.deepEqual(proxyFor('a.example', { http_proxy: 'q.example', HTTP_PROXY: 'http://p.example' }), {
    host: 'q.example',
    port: 80,
  });
  assert.deepEqual(proxyFor('a.example', { HTTP_PROXY: 'http://me:s%40fe@[2001:db8::1]:1' }), {
    host: '2001:db8::1',
    port: 1,
    authorization: `Basic ${Buffer.from('me:s@fe').toString('base64')}`,
  });
});

test('NO_PROXY exempts names and what is below them', () => {
  const environment = { HTTP_PROXY: 'http://p.example', NO_PROXY: 'example.com, .corp.test,10.0.0.1' };
  for (const host of [
    'example.com',
    'www.example.com',
    'EXAMPLE.com.',
    'a.corp.test',
    '10.0.0.1',
    'localhost',
    '127.0.0.1',
  ])
    assert.equal(proxyFor(host, environment), undefined, host);
  for (const host of ['notexample.com', 'corp.test', '10.0.0.2'])
    assert.notEqual(proxyFor(host, environment), undefined, host);
  assert.equal(proxyFor('a.example', { HTTP_PROXY: 'http://p.example', NO_PROXY: '*' }), undefined);
});

test('no proxy, or one that cannot be spoken to', () => {
  for (const HTTP_PROXY of ['', 'socks5://p.example', 'https://p.example', 'http://'])
    assert.equal(proxyFor('a.example', { HTTP_PROXY }), undefined, HTTP_PROXY);
});
