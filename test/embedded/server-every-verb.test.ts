/** No way of writing goes around admission, dry run or preconditions. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { startServer, widget, WIDGETS, type Answer, type Asking } from './server-harness.ts';

const merge = { 'content-type': 'application/merge-patch+json' };
const json = { 'content-type': 'application/json-patch+json' };
const apply = { 'content-type': 'application/apply-patch+yaml' };
const blue = { spec: { color: 'blue' } };
const done = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };

type Writing = (api: Asking, query: string, version: string, uid?: string) => Promise<Answer>;

function put(body: object, version: string, uid: string | undefined): object {
  const { metadata, ...rest } = widget('there') as { metadata: object };
  const own = { ...metadata, resourceVersion: version, ...(uid === undefined ? {} : { uid }) };
  return { ...rest, metadata: own, ...body };
}
const named = (uid: string | undefined, name = 'there'): object =>
  uid === undefined ? { name } : { name, uid };

const changes: Record<string, Writing> = {
  PUT: (api, query, version, uid) => api.ask('PUT', `${WIDGETS}/there?${query}`, put(blue, version, uid)),
  'PUT of status': (api, query, version, uid) =>
    api.ask('PUT', `${WIDGETS}/there/status?${query}`, put(done, version, uid)),
  'merge patch': (api, query, _version, uid) =>
    api.ask('PATCH', `${WIDGETS}/there?${query}`, { metadata: named(uid), ...blue }, merge),
  'merge patch of status': (api, query, _version, uid) =>
    api.ask('PATCH', `${WIDGETS}/there/status?${query}`, { metadata: named(uid), ...done }, merge),
  'JSON patch': (api, query, _version, uid) => {
    const color = { op: 'replace', path: '/spec/color', value: 'blue' };
    const precondition = { op: 'replace', path: '/metadata/uid', value: uid };
    const body = uid === undefined ? [color] : [color, precondition];
    return api.ask('PATCH', `${WIDGETS}/there?${query}`, body, json);
  },
  apply: (api, query, _version, uid) => {
    const body = { ...widget('there'), metadata: named(uid), ...blue };
    return api.ask('PATCH', `${WIDGETS}/there?fieldManager=m&force=true&${query}`, body, apply);
  },
  'apply of status': (api, query, _version, uid) => {
    const body = { ...widget('there'), metadata: named(uid), ...done };
    return api.ask('PATCH', `${WIDGETS}/there/status?fieldManager=m&${query}`, body, apply);
  },
  DELETE: (api, query, _version, uid) => {
    const body = uid === undefined ? undefined : { preconditions: { uid } };
    return api.ask('DELETE', `${WIDGETS}/there?${query}`, body);
  },
};
const others: Record<string, Writing> = {
  'DELETE of the collection': (api, query) => api.ask('DELETE', `${WIDGETS}?${query}`),
  POST: (api, query) => api.ask('POST', `${WIDGETS}?${query}`, widget('new')),
  'POST of a name to be made': (api, query) =>
    api.ask('POST', `${WIDGETS}?${query}`, { ...widget('x'), metadata: { generateName: 'new-' } }),
  'apply of something new': (api, query) =>
    api.ask('PATCH', `${WIDGETS}/new?fieldManager=m&${query}`, widget('new'), apply),
};

describe('every way of writing', () => {
  let api: Asking;
  let allowed: boolean;
  beforeEach(async () => {
    allowed = true;
    api = await startServer({ admission: () => ({ allowed, message: 'not today' }) });
    await api.ask('POST', WIDGETS, widget('there'));
    allowed = false;
  });
  afterEach(() => api.close());

  const state = async (): Promise<Answer['body']> => (await api.ask('GET', WIDGETS)).body;
  const version = async (): Promise<string> =>
    String((await api.ask('GET', `${WIDGETS}/there`)).body.metadata?.resourceVersion);

  for (const [what, write] of Object.entries({ ...changes, ...others })) {
    test(`${what} asks admission`, async () => {
      const before = await state();
      const { code, body } = await write(api, '', await version());
      assert.deepEqual([code, body['reason']], [403, 'Forbidden']);
      assert.match(String(body['message']), /not today/);
      assert.deepEqual(await state(), before);
      allowed = true;
      assert.ok((await write(api, '', await version())).code < 300);
      assert.notDeepEqual(await state(), before);
    });

    test(`${what} as a dry run asks admission too, and stores nothing`, async () => {
      const before = await state();
      assert.equal((await write(api, 'dryRun=All', await version())).code, 403);
      allowed = true;
      assert.ok((await write(api, 'dryRun=All', await version())).code < 300);
      assert.deepEqual(await state(), before);
    });
  }

  for (const [what, write] of Object.entries(changes)) {
    test(`${what} meant for another object of the same name is a conflict`, async () => {
      allowed = true;
      const before = await state();
      const answer = await write(api, '', await version(), 'b5d1f0f4-0000-4000-8000-000000000000');
      assert.equal(answer.code, 409);
      assert.deepEqual(await state(), before);
    });
  }

  test('apply meant for an earlier state is a conflict, for the present one it is not', async () => {
    allowed = true;
    const at = (resourceVersion: string): Promise<Answer> => {
      const body = { ...widget('there'), metadata: { name: 'there', resourceVersion }, ...blue };
      return api.ask('PATCH', `${WIDGETS}/there?fieldManager=m&force=true`, body, apply);
    };
    const first = await version();
    assert.equal((await api.ask('PATCH', `${WIDGETS}/there`, { spec: { size: 4 } }, merge)).code, 200);
    const before = await state();
    assert.equal((await at(first)).code, 409);
    assert.deepEqual(await state(), before);
    assert.equal((await at(await version())).code, 200);
  });
});
