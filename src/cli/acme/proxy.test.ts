/** Proxies out of an environment: which spelling counts, and that an empty one does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proxyOf } from './proxy.ts';

test('upper case counts before lower case, and an empty variable not at all', () => {
  assert.deepEqual(
    proxyOf({
      HTTPS_PROXY: 'http://a:1',
      https_proxy: 'http://b:1',
      HTTP_PROXY: '',
      http_proxy: 'http://c:1',
      no_proxy: 'x.test',
    }),
    { https: 'http://a:1', http: 'http://c:1', none: 'x.test' },
  );
  assert.deepEqual(proxyOf({}), { https: undefined, http: undefined, none: undefined });
});
