import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatManifestError } from './manifest.ts';
import { parseManifests } from './parse-manifests.ts';

const text = `# comment
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  annotations:
    example.com/x.y: "1"
data: { k: v }
---
apiVersion: v1
kind: List
items:
  - apiVersion: cert-manager.io/v1
    kind: Certificate
    metadata: { name: b }
    spec:
      dnsNames:
        - one.example.com
        - two.example.com
---
`;

test('documents and lists become objects that know where each field stands', () => {
  const { manifests, errors } = parseManifests('f.yaml', text);
  assert.deepEqual(errors, []);
  assert.deepEqual(
    manifests.map(({ object, at }) => [object.kind, at.line]),
    [
      ['ConfigMap', 2],
      ['Certificate', 13],
    ],
  );
  const [map, certificate] = manifests;
  assert.deepEqual(map?.locate('metadata.annotations[example.com/x.y]'), {
    file: 'f.yaml',
    line: 7,
    column: 5,
  });
  assert.deepEqual(map?.locate('metadata.annotations.example.com/x.y'), {
    file: 'f.yaml',
    line: 7,
    column: 5,
  });
  assert.deepEqual(certificate?.locate('spec.dnsNames[1]'), { file: 'f.yaml', line: 19, column: 11 });
  assert.deepEqual(
    certificate?.locate('spec.secretName'),
    { file: 'f.yaml', line: 16, column: 5 },
    'what is missing points to its parent',
  );
});

test('JSON is read too', () => {
  const { manifests } = parseManifests(
    'f.json',
    '{\n "apiVersion": "v1",\n "kind": "Secret",\n "metadata": {"name": "s"}\n}',
  );
  assert.deepEqual(manifests[0]?.locate('metadata.name'), { file: 'f.json', line: 4, column: 15 });
});

for (const [title, source, expected] of [
  ['broken YAML', 'a: b: c', /^f:1:\d+: not valid YAML/],
  ['a scalar', 'hello', /^f:1:1: a manifest is a mapping/],
  ['no apiVersion', 'kind: X', /^f:1:1: apiVersion: must be set/],
  ['no name', 'apiVersion: v1\nkind: Secret\nmetadata: {}', /^f:3:1: metadata.name: must be set/],
  [
    'a number as namespace',
    'apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  namespace: 5',
    /^f:5:3: metadata.namespace: must be a string/,
  ],
  [
    'an alias bomb',
    `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]`,
    /^f:1:1: .*alias/,
  ],
] as const) {
  test(`${title} is an error with its position`, () => {
    const { manifests, errors } = parseManifests('f', source);
    assert.equal(manifests.length, 0);
    assert.match(formatManifestError(errors[0] ?? assert.fail('no error')), expected);
  });
}

test('large mappings, deep nesting and keys that occur twice are answered soon, with their place', () => {
  const keys = Array.from({ length: 100_000 }, (_, index) => `  k${index}: v`).join('\n');
  const begun = process.cpuUsage();
  const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n';
  assert.deepEqual(parseManifests('a.yaml', `${head}${keys}`).errors, []);
  const twice = parseManifests('a.yaml', `${head}${keys}\n  k7: again`).errors;
  assert.deepEqual(
    twice.map(({ at, message }) => [at.line, message]),
    [[100_005, 'not valid YAML: the key "k7" occurs twice in one mapping']],
  );
  const deep = parseManifests('a.yaml', '- {\n'.repeat(100_000)).errors;
  assert.match(deep[0]?.message ?? '', /nested deeper than 100/);
  // Microseconds of processor time: a busy machine must not fail it, and squared work takes minutes.
  assert.ok(process.cpuUsage(begun).user < 20_000_000);
});

test('a template is told of once, a missing quote in words', () => {
  const template = 'kind: X\n{{- if .Values.x }}\nmetadata:\n  name: {{ .Values.name }}\n{{- end }}\n';
  const said = (text: string): string[] =>
    parseManifests('f', text).errors.map(({ at, message }) => `${at.line}: ${message}`);
  assert.equal(said(template).length, 1);
  assert.match(said(template)[0] ?? '', /^2: looks like a Helm template/);
  assert.match(said('metadata:\n  name: {{ .Release.Name }}\n')[0] ?? '', /^2: looks like a Helm template/);
  assert.match(said('a: "x\nb: 1\n')[0] ?? '', /the closing " is missing/);
  assert.match(said('? [a]\n: b\n')[0] ?? '', /as a key/);
  const quoted = 'apiVersion: v1\nkind: X\nmetadata: { name: a, annotations: { t: "{{ .Values.x }}" } }\n';
  assert.deepEqual(said(quoted), []);
});
