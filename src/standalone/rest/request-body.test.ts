import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from './api-error.ts';
import type { ApiRequest } from './exchange.ts';
import { deleteRequest, dryRunOf, jsonBody, objectBody } from './request-body.ts';

function request(body: string, type = 'application/json', query = ''): ApiRequest {
  return {
    method: 'POST',
    path: '/',
    query: new URLSearchParams(query),
    headers: { 'content-type': type },
    body: Buffer.from(body),
    user: { username: 'u', groups: [] },
  };
}
const refusedWith = (code: number) => (error: unknown) =>
  error instanceof ApiError && error.httpCode === code;

test('a body is JSON, or YAML where that is said', () => {
  assert.deepEqual(objectBody(request('{"a":1}')), { a: 1 });
  assert.deepEqual(objectBody(request('a: 1', 'application/yaml; charset=utf-8')), { a: 1 });
  assert.deepEqual(jsonBody(request('a: 1', 'application/apply-patch+yaml'), true), { a: 1 });
});

test('what is no object, no UTF-8, no JSON or of another type is refused', () => {
  for (const text of ['', '[]', 'null', '5', 'a: 1', '{"a":', '\uFFFF{']) {
    assert.throws(() => objectBody(request(text)), refusedWith(400), text);
  }
  assert.throws(() => jsonBody({ ...request(''), body: Uint8Array.of(0x22, 0xff, 0x22) }), refusedWith(400));
  assert.throws(() => objectBody(request('{}', 'text/plain')), refusedWith(415));
});

test('a body that does not parse is never quoted: it may hold a key', () => {
  for (const text of ['SECRETSECRET', '{"tls.key": SECRETSECRET}', '{"a": "b",\n SECRET']) {
    assert.throws(
      () => objectBody(request(text)),
      (error: unknown) => refusedWith(400)(error) && !String(error).includes('SECRET'),
      text,
    );
  }
  assert.throws(() => objectBody(request('{"a": "b",\n x')), /line 2, column 2/);
});

test('nesting is bounded at a hundred levels', () => {
  const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  assert.ok(jsonBody(request(nested(100))));
  assert.throws(() => jsonBody(request(nested(101))), refusedWith(400));
});

test('what is in it twice is told in the words of Kubernetes', () => {
  const json: string[] = [];
  objectBody(request('{"spec":{"x":1, "x" : 2}}'), json);
  assert.deepEqual(json, ['duplicate field "spec.x"']);
  const yaml: string[] = [];
  objectBody(request('spec:\n  x: 1\n  x: 2\n', 'application/yaml'), yaml);
  assert.deepEqual(yaml, ['line 3: key "x" already set in map']);
});

test('delete options come from the body and the query, and what cannot be meant is refused', () => {
  assert.deepEqual(deleteRequest(request('{"propagationPolicy":"Orphan","dryRun":["All"]}')), {
    propagationPolicy: 'Orphan',
    preconditions: {},
    dryRun: true,
  });
  const old = deleteRequest(request('', 'application/json', 'orphanDependents=true'));
  assert.equal(old.propagationPolicy, 'Orphan');
  assert.throws(() => deleteRequest(request('{"propagationPolicy":"Never"}')), refusedWith(422));
  assert.throws(
    () => deleteRequest(request('{"propagationPolicy":"Orphan","orphanDependents":false}')),
    refusedWith(422),
  );
  assert.throws(() => dryRunOf(['Some']), refusedWith(422));
});
