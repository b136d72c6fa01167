/** Ways around the right to approve on the embedded server, each of which has to fail: no request may come out approved. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createAdmission } from '../../src/admission/create-admission.ts';
import { builtInSigner } from '../../src/admission/approval.ts';
import type { Authorize } from '../../src/api/admission.ts';
import { crds } from '../../src/api/crds.ts';
import { csrOf, newKey } from '../../src/controllers/testing/requests.ts';
import { asker, startServer, type Answer, type Asking } from './server-harness.ts';

const collection = '/apis/cert-manager.io/v1/namespaces/default/certificaterequests';
const request = csrOf(newKey(), 'web');
const approved = {
  type: 'Approved',
  status: 'True',
  reason: 'Mine',
  message: 'by myself',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};

/** Eve may write everything, and approve for the issuer `toy` alone. */
const authorize: Authorize = ({ resource, verb, name }) =>
  resource !== 'signers' || (verb === 'approve' && name === 'issuers.cert-manager.io/default.toy');

let world: Asking;
let eve: Asking['ask'];
before(async () => {
  const admission = createAdmission({ authorize, signerExists: builtInSigner });
  world = await startServer({ admission, authorize, crds });
  eve = asker(world.server.dispatcher({ username: 'eve', groups: ['people'] }));
});
after(() => world.close());

function body(name: string, issuer = 'bank', status?: object): Record<string, unknown> {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: { name },
    spec: { request, issuerRef: { name: issuer, kind: 'Issuer', group: 'cert-manager.io' } },
    ...(status === undefined ? {} : { status }),
  };
}

async function isApproved(name: string): Promise<boolean> {
  const { code, body: found } = await eve('GET', `${collection}/${name}`);
  assert.equal(code, 200);
  const { conditions = [] } = (found['status'] ?? {}) as { conditions?: { type: string }[] };
  return conditions.some(({ type }) => type === 'Approved');
}

const status = { conditions: [approved] };
const merge = { 'content-type': 'application/merge-patch+json' };
const json = { 'content-type': 'application/json-patch+json' };
const apply = { 'content-type': 'application/apply-patch+yaml' };
const spec = { issuerRef: { name: 'toy', kind: 'Issuer', group: 'cert-manager.io' } };
const toy = [{ op: 'replace', path: '/spec/issuerRef/name', value: 'toy' }];
const add = [{ op: 'add', path: '/status', value: status }];
const applied = (more: object): object => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'CertificateRequest',
  ...more,
});

/** A PUT of the newest version, as an honest client sends it. */
async function replace(name: string, half: string, issuer: string): Promise<Answer> {
  const { body: found } = await eve('GET', `${collection}/${name}`);
  const next = { ...body(name, issuer, status), metadata: found.metadata };
  return eve('PUT', `${collection}/${name}${half}`, next);
}

const attacks: [title: string, attack: (name: string) => Promise<Answer>][] = [
  ['merge patch', (at) => eve('PATCH', `${collection}/${at}/status`, { status }, merge)],
  ['JSON patch', (at) => eve('PATCH', `${collection}/${at}/status`, add, json)],
  [
    'apply',
    (at) => eve('PATCH', `${collection}/${at}/status?fieldManager=e&force=true`, applied({ status }), apply),
  ],
  ['replacement', (at) => replace(at, '/status', 'bank')],
  ['replacement with a friendlier issuer', (at) => replace(at, '/status', 'toy')],
  [
    'merge patch with a friendlier issuer',
    (at) => eve('PATCH', `${collection}/${at}/status`, { status, spec }, merge),
  ],
  [
    'JSON patch with a friendlier issuer',
    (at) => eve('PATCH', `${collection}/${at}/status`, [...add, ...toy], json),
  ],
  [
    'apply with a friendlier issuer',
    (at) =>
      eve('PATCH', `${collection}/${at}/status?fieldManager=e&force=true`, applied({ status, spec }), apply),
  ],
  ['a write to the object', (at) => replace(at, '', 'bank')],
  [
    'an apply to the object',
    (at) => eve('PATCH', `${collection}/${at}?fieldManager=e&force=true`, applied({ status }), apply),
  ],
  ['a subresource that is none', (at) => eve('PATCH', `${collection}/${at}/Status`, { status }, merge)],
  [
    'another version',
    (at) => eve('PATCH', `${collection.replace('/v1/', '/v1alpha2/')}/${at}/status`, { status }, merge),
  ],
  [
    'a denial',
    (at) =>
      eve(
        'PATCH',
        `${collection}/${at}/status`,
        { status: { conditions: [{ ...approved, type: 'Denied' }] } },
        merge,
      ),
  ],
];

for (const [index, [title, attack]] of attacks.entries())
  test(`by ${title}`, async () => {
    const name = `attack-${index}`;
    assert.equal((await eve('POST', collection, body(name))).code, 201);
    const { code } = await attack(name);
    // The object itself may be written: its status is not taken from there.
    if (!title.includes('the object')) assert.ok(code === 403 || code === 404, String(code));
    assert.equal(await isApproved(name), false);
  });

test('at creation, in every way that there is to create', async () => {
  assert.equal((await eve('POST', collection, body('born', 'bank', status))).code, 201);
  const path = `${collection}/applied?fieldManager=e`;
  assert.equal((await eve('PATCH', path, body('applied', 'bank', status), apply)).code, 201);
  const none = `${collection}/none/status?fieldManager=e`;
  assert.equal((await eve('PATCH', none, body('none', 'bank', status), apply)).code, 404);
  for (const name of ['born', 'applied']) assert.equal(await isApproved(name), false);
});

test('who may approve for an issuer does, and nobody changes the issuer afterwards', async () => {
  assert.equal((await eve('POST', collection, body('mine', 'toy'))).code, 201);
  assert.equal((await eve('PATCH', `${collection}/mine/status`, { status }, merge)).code, 200);
  assert.equal(await isApproved('mine'), true);
  const { code, body: answer } = await replace('mine', '', 'bank');
  assert.equal(code, 403);
  assert.match(String(answer['message']), /spec: Forbidden: cannot change after creation/u);
});
