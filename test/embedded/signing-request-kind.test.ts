/** CertificateSigningRequests as a kind of the embedded server: who asked, what may change, who may approve (certificates.k8s.io/v1). */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Authorize } from '../../src/api/admission.ts';
import type { SigningCondition } from '../../src/api/certificate-signing-request.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { certificateFromRequest } from '../../src/pki/x509/certificate-from-request.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { parseCsr } from '../../src/pki/x509/parse-csr.ts';
import { createSigner } from '../../src/pki/x509/sign-certificate.ts';
import { asker, startServer, type Answer, type Asking } from './server-harness.ts';

const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const signerName = 'issuers.cert-manager.io/shop.ca';
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pem = encodePem('CERTIFICATE REQUEST', createCsr({ commonName: 'web' }, key));
const request = Buffer.from(pem).toString('base64');

/** Approvers approve, signers sign, and everybody may ask. */
const authorize: Authorize = ({ user, verb, resource, group, name }) =>
  resource !== 'signers' ||
  (group === 'certificates.k8s.io' &&
    user.groups.includes(verb === 'approve' ? 'approvers' : 'signers') &&
    name === 'issuers.cert-manager.io/*');

let world: Asking;
let alice: Asking['ask'];
let approver: Asking['ask'];
let signer: Asking['ask'];
before(async () => {
  world = await startServer({ authorize });
  const as = (username: string, ...groups: string[]): Asking['ask'] =>
    asker(world.server.dispatcher({ username, groups, uid: `uid-${username}`, extra: { 'a/b': ['c'] } }));
  alice = as('alice', 'people');
  approver = as('bob', 'approvers');
  signer = as('ours', 'signers');
});
after(() => world.close());

function csr(name: string, spec: object = {}): object {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request, signerName, usages: ['digital signature', 'server auth'], ...spec },
  };
}
const conditionsOf = ({ body }: Answer): SigningCondition[] =>
  (body['status'] as { conditions?: SigningCondition[] }).conditions ?? [];
const approved = { type: 'Approved', status: 'True', reason: 'Fine', message: 'by hand' };
const put = (ask: Asking['ask'], name: string, below: string, status: object): Promise<Answer> =>
  ask('PATCH', `${path}/${name}/${below}`, { status }, { 'content-type': 'application/merge-patch+json' });

test('who asked is stamped, whatever the request says, and the status begins empty', async () => {
  const forged = { username: 'admin', uid: 'x', groups: ['system:masters'], extra: { forged: ['yes'] } };
  const { code, body } = await alice('POST', path, {
    ...csr('stamped', forged),
    status: { conditions: [approved] },
  });
  assert.equal(code, 201);
  assert.deepEqual(body['spec'], {
    request,
    signerName,
    usages: ['digital signature', 'server auth'],
    username: 'alice',
    uid: 'uid-alice',
    groups: ['people'],
    extra: { 'a/b': ['c'] },
  });
  assert.deepEqual(body['status'], {});
});

test('the spec never changes, and the status not through the object', async () => {
  await alice('POST', path, csr('fixed'));
  const merge = { 'content-type': 'application/merge-patch+json' };
  const change = {
    metadata: { labels: { a: 'b' } },
    spec: { username: 'admin', signerName: 'x.example/y' },
    status: { certificate: request },
  };
  const { code, body } = await alice('PATCH', `${path}/fixed`, change, merge);
  assert.equal(code, 200);
  assert.equal((body['spec'] as { username: string }).username, 'alice');
  assert.equal((body['spec'] as { signerName: string }).signerName, signerName);
  assert.deepEqual(body['status'], {});
  assert.equal(body.metadata?.labels?.['a'], 'b');
});

const refusedSpecs: [why: string, spec: object, field: string][] = [
  ['no signer', { signerName: '' }, 'spec.signerName'],
  ['a signer without domain', { signerName: 'ca' }, 'spec.signerName'],
  ['a signer with a short domain', { signerName: 'local/ca' }, 'spec.signerName'],
  ['the signer of old', { signerName: 'kubernetes.io/legacy-unknown' }, 'spec.signerName'],
  ['upper case in the signer', { signerName: 'a.example/CA' }, 'spec.signerName'],
  ['no usages', { usages: [] }, 'spec.usages'],
  ['an unknown usage', { usages: ['knitting'] }, 'spec.usages[0]'],
  ['a usage twice', { usages: ['any', 'any'] }, 'spec.usages[1]'],
  ['a life too short', { expirationSeconds: 599 }, 'spec.expirationSeconds'],
  ['no PEM', { request: Buffer.from('hello').toString('base64') }, 'spec.request'],
  ['a damaged signature', { request: Buffer.from(damaged()).toString('base64') }, 'spec.request'],
];
for (const [why, spec, field] of refusedSpecs) {
  test(`refused at creation: ${why}`, async () => {
    const { code, body } = await alice('POST', path, csr('refused', spec));
    assert.equal(code, 422);
    const { causes } = body['details'] as { causes: { field: string }[] };
    assert.deepEqual(
      causes.map((cause) => cause.field),
      [field],
    );
  });
}
function damaged(): string {
  const der = Buffer.from(createCsr({ commonName: 'web' }, key));
  der[der.length - 3]! ^= 1;
  return encodePem('CERTIFICATE REQUEST', der);
}

test('only who may approve for the signer approves, through the subresource, and nothing un-approves', async () => {
  await alice('POST', path, csr('decided'));
  assert.equal((await put(alice, 'decided', 'approval', { conditions: [approved] })).code, 403);
  const said = await put(approver, 'decided', 'approval', { conditions: [approved], certificate: request });
  assert.equal(said.code, 200);
  const [condition] = conditionsOf(said);
  assert.equal(condition?.reason, 'Fine');
  assert.ok(condition?.lastUpdateTime !== undefined && condition.lastTransitionTime !== undefined);
  assert.equal(
    (said.body['status'] as { certificate?: string }).certificate,
    undefined,
    'approvers do not sign',
  );
  assert.equal((await put(approver, 'decided', 'approval', { conditions: [] })).code, 422);
  const denied = { type: 'Denied', status: 'True' };
  assert.equal((await put(approver, 'decided', 'approval', { conditions: [approved, denied] })).code, 422);
});

test('who signs adds a certificate once, and touches no approval', async () => {
  await alice('POST', path, csr('signed'));
  assert.equal(
    (await put(signer, 'signed', 'status', { conditions: [approved] })).code,
    422,
    'no approval this way',
  );
  await put(approver, 'signed', 'approval', { conditions: [approved] });
  assert.equal((await put(alice, 'signed', 'status', {})).code, 403);
  assert.equal(
    (await put(signer, 'signed', 'status', { certificate: request })).code,
    422,
    'a CSR is no certificate',
  );
  const failed = { type: 'Failed', status: 'True', reason: 'No' };
  assert.equal(
    (await put(signer, 'signed', 'status', { conditions: [failed] })).code,
    422,
    'Approved would be lost',
  );
  const other = { ...approved, message: 'rewritten' };
  const kept = await put(signer, 'signed', 'status', { conditions: [other, failed] });
  assert.equal(kept.code, 200);
  assert.deepEqual(
    conditionsOf(kept).map(({ type, message }) => [type, message]),
    [
      ['Approved', 'by hand'],
      ['Failed', undefined],
    ],
  );
});

test('a certificate that is there stays as it is', async () => {
  await alice('POST', path, csr('issued'));
  await put(approver, 'issued', 'approval', { conditions: [approved] });
  const chains: string[] = [];
  for (const commonName of ['one', 'two']) {
    const asked = parseCsr(createCsr({ commonName }, key));
    const der = await certificateFromRequest(
      { csr: asked, now: Date.now(), duration: 3_600_000 },
      createSigner(key),
    );
    chains.push(Buffer.from(encodePem('CERTIFICATE', der)).toString('base64'));
  }
  const [one, two] = chains;
  assert.equal((await put(signer, 'issued', 'status', { certificate: one })).code, 200);
  assert.equal((await put(signer, 'issued', 'status', { certificate: one })).code, 200);
  for (const certificate of [two, '', null]) {
    const { code, body } = await put(signer, 'issued', 'status', { certificate });
    assert.equal(code, 422, String(certificate));
    assert.match(String(body['message']), /status\.certificate: Forbidden/u);
  }
});

test('kubectl get csr shows what Kubernetes shows', async () => {
  await alice('POST', path, csr('shown', { expirationSeconds: 3600 }));
  const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const { body } = await alice('GET', `${path}/shown`, undefined, table);
  const columns = (body['columnDefinitions'] as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(columns, ['Name', 'Age', 'SignerName', 'Requestor', 'RequestedDuration', 'Condition']);
  const [row] = body['rows'] as { cells: string[] }[];
  assert.deepEqual(
    [row?.cells[0], ...(row?.cells.slice(2) ?? [])],
    ['shown', signerName, 'alice', '60m', 'Pending'],
  );
  const selected = await alice('GET', `${path}?fieldSelector=spec.signerName%3Dother.example%2Fx`);
  assert.deepEqual(selected.body['items'], []);
});

test('discovery names both subresources', async () => {
  const { body } = await alice('GET', '/apis/certificates.k8s.io/v1');
  const names = (body['resources'] as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(names, [
    'certificatesigningrequests',
    'certificatesigningrequests/status',
    'certificatesigningrequests/approval',
  ]);
});
