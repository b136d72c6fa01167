/** What others do to the folder's objects, and how soon a change of a file counts: the folder wins. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { smallFleet, up, workspace, write } from './cli/run-cli.ts';

/** One request as the administrator; the address is in the log. */
function ask(log: string, data: string, method: string, path: string, body?: unknown): Promise<string> {
  const url = /the API answers at (https:\/\/[\d.:]+)/.exec(log)?.[1] ?? '';
  const headers = {
    authorization: `Bearer ${readFileSync(join(data, 'token'), 'utf8').trim()}`,
    'content-type': 'application/merge-patch+json',
  };
  const ca = readFileSync(join(data, 'serving-ca.pem'));
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers, ca }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      answer.on('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const leaf = '/apis/cert-manager.io/v1/namespaces/shop/certificates/leaf';

test('what is deleted or changed with kubectl is applied again', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet });
  const data = join(folder, 'data');
  const running = up(t, folder);
  const log = await running.seen(/kubectl get events/);
  await ask(log, data, 'DELETE', leaf);
  await running.seen(/applied Certificate shop\/leaf again: it was deleted/);
  await ask(log, data, 'PATCH', leaf, { spec: { dnsNames: ['other.example.com'], duration: '100h' } });
  await running.seen(/applied Certificate shop\/leaf again: field manager ".*" had changed it/);
  const { spec } = JSON.parse(await ask(log, data, 'GET', leaf)) as { spec: Record<string, unknown> };
  assert.deepEqual(spec['dnsNames'], ['leaf.example.com']);
  assert.equal(spec['duration'], '100h', 'what no file names stays');
});

test('a change of a file counts at once, also right after another and when the file is replaced', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet });
  const running = up(t, folder);
  await running.seen(/kubectl get events/);
  const path = join(folder, 'manifests/fleet.yaml');
  const begun = performance.now();
  for (const [index, name] of ['one', 'two', 'three'].entries()) {
    write(join(folder, 'next'), smallFleet.replace('leaf.example.com', `${name}.example.com`));
    renameSync(join(folder, 'next'), path);
    await running.seen(new RegExp(`(applied again Certificate shop/leaf[^]*){${index + 1}}`));
  }
  // Each would take up to five seconds if only the rescan found it.
  assert.ok(performance.now() - begun < 10_000);
});

test('a namespace that cannot be is told of where it stands in the file, a kind with what was meant', async (t) => {
  const kinds = `
apiVersion: cert-manager.io/v1
kind: Certifcate
metadata: { name: a }
---
apiVersion: cert-manager.io/v1alpha2
kind: Certificate
metadata: { name: b }
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata:
  name: c
  namespace: Not_Valid
spec: { selfSigned: {} }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: d }
spec:
  secretname: x
  issuerRef: { name: x }
`;
  const folder = workspace(t, { 'manifests/kinds.yaml': kinds });
  const { code, out } = await up(t, folder, '--once').ended;
  assert.equal(code, 1);
  assert.match(out, /kinds\.yaml:3:1: .*did you mean "Certificate"\?/);
  assert.match(out, /kinds\.yaml:6:1: .*cert-manager\.io\/v1 is served: write that/);
  assert.match(out, /kinds\.yaml:14:3: .*metadata\.namespace: .*Not_Valid/);
  assert.match(out, /kinds\.yaml:21:3: .*spec\.secretname: unknown field; did you mean "secretName"\?/);
});
