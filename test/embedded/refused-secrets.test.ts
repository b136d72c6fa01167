/** What was put into the wrong field is refused without being repeated, when it is a secret. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createAdmission } from '../../src/admission/create-admission.ts';
import { crds } from '../../src/api/crds.ts';
import { startServer, type Asking } from './server-harness.ts';

const pem = String(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }),
);
const encoded = Buffer.from(pem).toString('base64');
const secrets = '/api/v1/namespaces/default/secrets';
const group = '/apis/cert-manager.io/v1/namespaces/default';

let api: Asking;
before(async () => {
  api = await startServer({ admission: createAdmission(), crds });
});
after(() => api.close());

async function refusal(method: string, path: string, body: unknown, type?: string): Promise<string> {
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
  const { code, body: status } = await api.ask(method, path, body, headers);
  assert.ok(code >= 400 && code < 500, String(code));
  return JSON.stringify(status);
}

function assertHidden(text: string): void {
  const secret = pem.split('\n').slice(1, 3);
  const parts = [...secret, encoded.slice(48, 200)].flatMap((of) => of.match(/.{8}/g) ?? []);
  for (const part of parts) assert.ok(!text.includes(part), text);
}

test('a Secret whose data is not base64 is refused without its values', async () => {
  for (const value of [pem, 'correct horse battery staple!', `${encoded} ${encoded}`]) {
    const text = await refusal('POST', secrets, { metadata: { name: 'a' }, data: { 'tls.key': value } });
    assertHidden(text);
    assert.ok(!text.includes('horse'), text);
    assert.match(text, /data\[tls\.key\].*give it as base64/);
  }
  const yaml = `{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {k: ${JSON.stringify(pem)}}}`;
  assertHidden(await refusal('PATCH', `${secrets}/a?fieldManager=t`, yaml, 'application/apply-patch+yaml'));
});

test('a private key in the place of a CSR, a name or a label is not repeated', async () => {
  const issuerRef = { name: 'ca' };
  for (const request of [encoded, pem]) {
    const body = { metadata: { name: 'a' }, spec: { issuerRef, request } };
    assertHidden(await refusal('POST', `${group}/certificaterequests`, body));
  }
  const spec = { issuerRef, secretName: pem, dnsNames: [pem] };
  assertHidden(await refusal('POST', `${group}/certificates`, { metadata: { name: 'a' }, spec }));
  const labels = { key: encoded };
  assertHidden(await refusal('POST', secrets, { metadata: { name: 'a', labels } }));
});
