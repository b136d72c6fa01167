import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from './api-error.ts';
import { parseResourcePath, segmentsOf, type ResourcePath } from './route.ts';

const parsed = (path: string): ResourcePath | undefined => parseResourcePath(segmentsOf(path));

test('resources of the core group and of others, in a namespace, across all and of none', () => {
  const core = { group: '', version: 'v1', watch: false };
  assert.deepEqual(parsed('/api/v1/secrets'), { ...core, plural: 'secrets' });
  assert.deepEqual(parsed('/api/v1/namespaces/a/secrets/b/'), {
    ...core,
    namespace: 'a',
    plural: 'secrets',
    name: 'b',
  });
  assert.deepEqual(parsed('/apis/g.io/v2/things/t/status'), {
    group: 'g.io',
    version: 'v2',
    watch: false,
    plural: 'things',
    name: 't',
    subresource: 'status',
  });
});

test('a Namespace is a resource itself', () => {
  const base = { group: '', version: 'v1', watch: false, plural: 'namespaces' };
  assert.deepEqual(parsed('/api/v1/namespaces'), base);
  assert.deepEqual(parsed('/api/v1/namespaces/a'), { ...base, name: 'a' });
  assert.deepEqual(parsed('/api/v1/namespaces/a/finalize'), { ...base, name: 'a', subresource: 'finalize' });
});

test('the old watch prefix is understood', () => {
  assert.equal(parsed('/api/v1/watch/namespaces/a/secrets')?.watch, true);
});

test('what is no resource path is left to others, and bad escapes are refused', () => {
  for (const path of ['/', '/api', '/api/v1', '/apis/g.io/v1', '/version', '/api/v1/a/b/c/d/e']) {
    assert.equal(parsed(path), undefined, path);
  }
  assert.equal(parsed('/api/v1/secrets/a%2Fb')?.name, 'a/b');
  assert.throws(() => segmentsOf('/api/%zz'), ApiError);
});
