/** The order of a write: decoding, then schema, then admission, and the schema again over what admission changed. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Admission } from '../../src/api/admission.ts';
import { startServer, widget, WIDGETS, type Asking } from './server-harness.ts';

describe('admission', () => {
  let api: Asking;
  let seen: string[];
  let admission: Admission;
  beforeEach(async () => {
    seen = [];
    admission = () => ({ allowed: true });
    api = await startServer({
      admission: (request) => {
        if (request.resource.plural === 'widgets') seen.push(`${request.operation} ${request.name}`);
        return admission(request);
      },
    });
  });
  afterEach(() => api.close());

  test('what does not fit the schema never reaches it', async () => {
    const { code, body } = await api.ask('POST', WIDGETS, widget('a', { color: 5, parts: 'none' }));
    assert.equal(code, 422);
    assert.match(String(body['message']), /spec\.color: Invalid value: .*must be of type string/);
    assert.deepEqual(seen, []);
    await api.ask('POST', WIDGETS, widget('a'));
    const patch = { 'content-type': 'application/merge-patch+json' };
    assert.equal((await api.ask('PATCH', `${WIDGETS}/a`, { spec: { size: 'big' } }, patch)).code, 422);
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    const applied = await api.ask('PATCH', `${WIDGETS}/a?fieldManager=m`, widget('a', { size: [] }), apply);
    assert.notEqual(applied.code, 200);
    assert.deepEqual(seen, ['CREATE a']);
  });

  test('what it changes is validated again, and nothing invalid is stored', async () => {
    admission = ({ object, operation }) =>
      operation === 'DELETE'
        ? { allowed: true }
        : { allowed: true, object: { ...object, spec: { size: 99 } } as never };
    const { code, body } = await api.ask('POST', WIDGETS, widget('b'));
    assert.equal(code, 422);
    const { causes } = body['details'] as { causes: { field: string }[] };
    assert.deepEqual(causes.map(({ field }) => field).sort(), ['spec.color', 'spec.size']);
    assert.equal((await api.ask('GET', `${WIDGETS}/b`)).code, 404);
  });

  test('what it changes is stored, and belongs to the writer', async () => {
    admission = ({ object }) => ({
      allowed: true,
      object: { ...object, metadata: { ...object?.metadata, labels: { stamped: 'yes' } } },
    });
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    const { body } = await api.ask('PATCH', `${WIDGETS}/c?fieldManager=m`, widget('c'), apply);
    assert.deepEqual(body.metadata?.labels, { stamped: 'yes' });
    assert.deepEqual(
      body.metadata?.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`),
      ['m Apply', 'm Update'],
    );
  });

  test('members that occur twice: Strict refuses, Warn warns and takes the last, Ignore is silent', async () => {
    const text =
      '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"d"},"spec":{"color":"red","color":"blue","shade":1}}';
    const strict = await api.ask('POST', `${WIDGETS}?fieldValidation=Strict`, text);
    assert.equal(strict.code, 400);
    assert.match(
      String(strict.body['message']),
      /strict decoding error: duplicate field "spec\.color", unknown field "spec\.shade"$/,
    );
    const warned = await api.ask('POST', WIDGETS, text);
    assert.deepEqual(warned.headers['warning'], [
      '299 - "duplicate field \\"spec.color\\""',
      '299 - "unknown field \\"spec.shade\\""',
    ]);
    assert.equal((warned.body['spec'] as { color: string }).color, 'blue');
    const patch = '{"spec":{"color":"one","color":"two"}}';
    const headers = { 'content-type': 'application/merge-patch+json' };
    assert.equal((await api.ask('PATCH', `${WIDGETS}/d?fieldValidation=Strict`, patch, headers)).code, 400);
    const silent = await api.ask('PATCH', `${WIDGETS}/d?fieldValidation=Ignore`, patch, headers);
    assert.deepEqual([silent.code, silent.headers['warning']], [200, undefined]);
  });
});
