import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { createAdmission, stampRequester } from '../create-admission.ts';
import { readReview, ReviewFormatError, writeReview } from './review.ts';

const requested = { group: 'cert-manager.io', version: 'v1', resource: 'certificaterequests' };
const review = (change: object) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: 'u', requestResource: requested, operation: 'CREATE', ...change },
});
const read = (change: object) => readReview(JSON.stringify(review(change)));

interface Answer {
  response: { uid: string; allowed: boolean; patch?: string; patchType?: string; status?: { code: number } };
}

test('a review becomes a request', () => {
  const userInfo = { username: 'ann', uid: '1', groups: ['g'], extra: { k: ['v'] } };
  const { uid, request } = read({
    userInfo,
    operation: 'UPDATE',
    requestSubResource: 'status',
    namespace: 'ns',
    object: { metadata: { name: 'a' } },
    oldObject: { metadata: { name: 'a' } },
    dryRun: true,
  });
  assert.equal(uid, 'u');
  assert.equal(request?.resource.kind, 'CertificateRequest');
  assert.deepEqual(request.user, userInfo);
  assert.deepEqual([request.operation, request.subresource, request.dryRun], ['UPDATE', 'status', true]);
});

test('the resource that the object was converted to counts, whatever the client sent; others have no rules', () => {
  const secret = { group: '', version: 'v1', resource: 'secrets' };
  const older = { ...requested, version: 'v1alpha2' };
  const kindOf = (change: object): string | undefined => read(change).request?.resource.plural;
  assert.equal(kindOf({ requestResource: older, resource: requested }), 'certificaterequests');
  assert.equal(kindOf({ requestResource: requested, resource: secret }), undefined);
  assert.equal(kindOf({ requestResource: older }), undefined);
  assert.equal(kindOf({ requestResource: undefined, resource: requested }), 'certificaterequests');
  const status = { requestSubResource: 'old', resource: requested, subResource: 'status' };
  assert.equal(read(status).request?.subresource, 'status');
});

for (const body of [
  '',
  'null',
  '[]',
  '{',
  '{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{"uid":"u"}}',
  '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}',
  '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":7}}',
  '['.repeat(200_000),
])
  test(`is no review: ${body.slice(0, 60)}`, () => {
    assert.throws(() => readReview(body), ReviewFormatError);
  });

test('the patch sets and removes fields of the spec, and nothing else', () => {
  const object = { metadata: { name: 'a' }, spec: { request: 'x', username: 'eve', extra: { a: ['b'] } } };
  const { request } = read({ object, userInfo: { username: 'ann', groups: ['g'] } });
  assert.ok(request);
  const stamped = stampRequester(request);
  assert.ok(stamped);
  const { response } = JSON.parse(
    writeReview('u', { allowed: true, object: stamped }, request.object),
  ) as Answer;
  assert.equal(response.patchType, 'JSONPatch');
  assert.deepEqual(JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString()), [
    { op: 'remove', path: '/spec/extra' },
    { op: 'add', path: '/spec/username', value: 'ann' },
    { op: 'add', path: '/spec/groups', value: ['g'] },
  ]);
});

test('a refusal has code, reason and message', () => {
  const { response } = JSON.parse(writeReview('u', { allowed: false, code: 400, message: 'm' })) as Answer;
  assert.deepEqual(response, {
    uid: 'u',
    allowed: false,
    status: { code: 400, message: 'm', reason: 'BadRequest' },
  });
});

const junk = fc.jsonValue({ maxDepth: 4 });

describe('hostile reviews', () => {
  test('any JSON is read or refused as no review', () => {
    fc.assert(
      fc.property(junk, (value) => {
        try {
          readReview(JSON.stringify(value));
        } catch (error) {
          assert.ok(error instanceof ReviewFormatError);
        }
      }),
    );
  });

  test('whatever the fields of a request are, there is an answer that can be sent', async () => {
    const admit = createAdmission({ stamp: false, authorize: () => false });
    const fields = fc.record(
      {
        operation: fc.oneof(fc.constantFrom('CREATE', 'UPDATE', 'DELETE', 'CONNECT'), junk),
        requestSubResource: fc.oneof(fc.constant('status'), junk),
        userInfo: junk,
        object: fc.oneof(fc.record({ spec: junk, status: junk, metadata: junk }), junk),
        oldObject: fc.oneof(fc.record({ spec: junk, status: junk, metadata: junk }), junk),
        namespace: junk,
        dryRun: junk,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fields, async (given) => {
        const { uid, request } = read(given);
        if (request === undefined) return;
        const mutated = stampRequester(request);
        const mutation = writeReview(
          uid,
          { allowed: true, ...(mutated && { object: mutated }) },
          request.object,
        );
        assert.equal((JSON.parse(mutation) as Answer).response.allowed, true);
        const { response } = JSON.parse(writeReview(uid, await admit(request))) as Answer;
        assert.equal(response.uid, 'u');
        assert.equal(response.patch, undefined);
        assert.equal(response.status === undefined, response.allowed);
      }),
    );
  });
});
