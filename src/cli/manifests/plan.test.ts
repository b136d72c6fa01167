import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifests } from './parse-manifests.ts';
import { idOf, planFolder } from './plan.ts';

const doc = (kind: string, name: string, extra = ''): string =>
  `apiVersion: v1\nkind: ${kind}\nmetadata: { name: ${name} }\n${extra}---\n`;

test('namespaces first, unchanged objects not at all, what left the folder last', () => {
  const { manifests } = parseManifests(
    'f',
    doc('Certificate', 'c') + doc('Issuer', 'i') + doc('Namespace', 'n'),
  );
  const first = planFolder(new Map(), manifests);
  assert.deepEqual(
    first.apply.map(({ manifest }) => manifest.object.kind),
    ['Namespace', 'Issuer', 'Certificate'],
  );
  const applied = new Map(first.apply.map(({ id, hash }) => [id, hash]));
  applied.set(idOf('v1', 'Secret', 'shop', 'old'), '');
  applied.set(idOf('v1', 'Namespace', undefined, 'gone'), '');
  const second = planFolder(applied, manifests);
  assert.deepEqual(second.apply, []);
  assert.deepEqual(second.prune, ['|Secret|shop|old'], 'a Namespace is never pruned');
});

test('a change applies again, a comment does not, a duplicate is an error that names both places', () => {
  const before = planFolder(new Map(), parseManifests('f', doc('Secret', 'a')).manifests);
  const applied = new Map(before.apply.map(({ id, hash }) => [id, hash]));
  assert.equal(
    planFolder(applied, parseManifests('f', `# new\n${doc('Secret', 'a')}`).manifests).apply.length,
    0,
  );
  assert.equal(
    planFolder(applied, parseManifests('f', doc('Secret', 'a', 'type: Opaque\n')).manifests).apply.length,
    1,
  );
  const twice = planFolder(new Map(), parseManifests('f', doc('Secret', 'a') + doc('Secret', 'a')).manifests);
  assert.equal(twice.apply.length, 1);
  assert.match(twice.errors[0]?.message ?? '', /also written in f:1/);
});

test('a second file that names an applied object is refused, whatever it is called', () => {
  const both = [
    ...parseManifests('a.yaml', doc('Secret', 'x', 'type: new\n')).manifests,
    ...parseManifests('b.yaml', doc('Secret', 'x')).manifests,
  ];
  const fresh = planFolder(new Map(), both);
  assert.equal(fresh.apply[0]?.manifest.at.file, 'a.yaml', 'the first by name when nothing is applied yet');
  const id = fresh.apply[0]?.id ?? '';
  const plan = planFolder(new Map(), both, new Map([[id, 'b.yaml']]));
  assert.equal(plan.apply[0]?.manifest.at.file, 'b.yaml');
  assert.equal(plan.errors[0]?.at.file, 'a.yaml');
  assert.match(plan.errors[0]?.message ?? '', /b\.yaml:1, which counts/);
});
