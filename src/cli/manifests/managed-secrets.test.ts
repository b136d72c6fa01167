import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatManifestError } from './manifest.ts';
import { managedSecrets } from './managed-secrets.ts';
import { parseManifests } from './parse-manifests.ts';

const secret = (metadata: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  ${metadata.replaceAll('\n', '\n  ')}\ndata: { tls.key: QQ== }\n---\n`;
const certificate = (namespace: string, spec: string): string =>
  `apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: { name: c, namespace: ${namespace} }\nspec: ${spec}\n---\n`;

function refusals(text: string): string[] {
  const { manifests, errors } = parseManifests('f.yaml', text);
  assert.deepEqual(errors, []);
  return [...managedSecrets(manifests).values()].map(formatManifestError);
}

test('the target of a Certificate in the folder is refused, naming both places and the remedy', () => {
  const [refusal = '', ...more] = refusals(
    secret('name: a\nnamespace: shop') + certificate('shop', '\n  secretName: a'),
  );
  assert.deepEqual(more, []);
  assert.match(
    refusal,
    /^f\.yaml:4:3: Secret shop\/a: metadata\.name: is the Secret that Certificate shop\/c \(f\.yaml:12\) fills/,
  );
  assert.match(refusal, /take it out of the folder/);
});

test('a Secret that names its Certificate is refused at the annotation', () => {
  const [refusal = ''] = refusals(
    secret('name: a\nnamespace: shop\nannotations:\n  cert-manager.io/certificate-name: web'),
  );
  assert.match(refusal, /^f\.yaml:7:5: Secret shop\/a: .*the Certificate "web" fills.*remove the annotation/);
});

test('other Secrets, other namespaces, other kinds and specs of any shape pass', () => {
  for (const text of [
    secret('name: a\nnamespace: shop') + certificate('bank', '{ secretName: a }'),
    secret('name: b\nnamespace: shop\nannotations: 7') + certificate('shop', '{ secretName: a }'),
    secret('name: a\nnamespace: shop') +
      certificate('shop', '[]') +
      certificate('shop', '{ secretName: [a] }'),
    secret('name: a\nnamespace: shop').replace('kind: Secret', 'kind: ConfigMap') +
      certificate('shop', '{ secretName: a }'),
  ])
    assert.deepEqual(refusals(text), []);
});
