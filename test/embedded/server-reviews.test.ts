/** Reviews of access on the embedded server: the authorizer is asked about exactly the user and the access that they name. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Authorize } from '../../src/api/admission.ts';
import { startServer, type Asking } from './server-harness.ts';

const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const asked: Parameters<Authorize>[0][] = [];

let api: Asking;
before(async () => {
  api = await startServer({
    authorize: (question) => {
      asked.push(question);
      return question.resource !== 'signers' || question.user.extra?.['scope']?.includes('signing') === true;
    },
  });
});
after(() => api.close());

async function allowed(spec: object): Promise<unknown> {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  const { code, body } = await api.ask('POST', path, review);
  assert.equal(code, 201);
  return (body['status'] as { allowed?: boolean }).allowed;
}

const reference = {
  group: 'cert-manager.io',
  resource: 'signers',
  verb: 'reference',
  namespace: 'shop',
  name: 'ca',
};

test('the whole user is asked about, extra attributes included', async () => {
  const user = { user: 'ann', uid: 'u1', groups: ['people'], extra: { scope: ['reading', 'signing'] } };
  assert.equal(await allowed({ ...user, resourceAttributes: reference }), true);
  assert.deepEqual(asked.at(-1), {
    user: { username: 'ann', uid: 'u1', groups: ['people'], extra: { scope: ['reading', 'signing'] } },
    ...reference,
  });
  assert.equal(
    await allowed({ ...user, extra: { scope: ['reading'] }, resourceAttributes: reference }),
    false,
  );
});

test('attributes of odd shapes give nobody anything', async () => {
  for (const extra of [{ scope: 'signing' }, ['signing'], 'signing', { scope: null }, { __proto__: null }])
    assert.equal(await allowed({ user: 'ann', extra, resourceAttributes: reference }), false);
});
