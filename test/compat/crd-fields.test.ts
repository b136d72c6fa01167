/** Holds every field of our CRDs against the list of every field of cert-manager's, which is read in place. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { crds } from '../../src/api/crds.ts';
import { crdDifferences, crdExtensions } from './crd-differences.ts';
import { canonical, flattenSchema, type FieldRow } from './flatten-schema.ts';

const list = join(import.meta.dirname, '..', '..', '..', 'shared', 'spec', 'crd-fields.tsv');

function readList(): Map<string, Map<string, FieldRow>> {
  const kinds = new Map<string, Map<string, FieldRow>>();
  for (const line of readFileSync(list, 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [kind = '', path = '', type = '', required = '', constraints = ''] = line.split('\t');
    const rows = kinds.get(kind) ?? new Map<string, FieldRow>();
    kinds.set(kind, rows);
    const parsed = constraints === '' ? {} : (JSON.parse(constraints) as Record<string, unknown>);
    rows.set(path, { type, required: required === 'required', constraints: canonical(parsed) });
  }
  return kinds;
}

/** `solvers[]` of an issuer and `solver` of a Challenge are the same section. */
function extensionOf(kind: string, path: string): string | undefined {
  const whole = `${kind} ${path.replace('.solvers[].', '.solver.')}`;
  return crdExtensions.find(({ field }) => `${whole}.`.includes(`${field}.`) || whole.includes(`${field}[`))
    ?.field;
}

function differences(upstream: Map<string, Map<string, FieldRow>>): string[] {
  const found: string[] = [];
  for (const crd of crds) {
    const { kind } = crd.spec.names;
    const theirs = upstream.get(kind) ?? new Map<string, FieldRow>();
    const schema = crd.spec.versions[0]?.schema?.openAPIV3Schema;
    assert.ok(schema);
    const ours = flattenSchema(schema);
    for (const path of new Set([...theirs.keys(), ...ours.keys()])) {
      const [a, b] = [theirs.get(path), ours.get(path)];
      if (a === undefined) {
        if (extensionOf(kind, path) === undefined) found.push(`${kind} ${path} extra`);
      } else if (b === undefined) found.push(`${kind} ${path} missing`);
      else {
        if (a.type !== b.type) found.push(`${kind} ${path} type`);
        if (a.required !== b.required) found.push(`${kind} ${path} required`);
        if (a.constraints !== b.constraints) found.push(`${kind} ${path} constraints`);
      }
    }
  }
  return found.toSorted();
}

describe('fields of the CRDs', () => {
  test('are those of cert-manager, except for the listed differences', (t) => {
    if (!existsSync(list)) {
      t.diagnostic('left out: ../shared/spec/crd-fields.tsv is not here, so the fields were not compared');
      return;
    }
    const upstream = readList();
    assert.deepEqual([...upstream.keys()].toSorted(), crds.map((crd) => crd.spec.names.kind).toSorted());
    const listed = crdDifferences.map(({ kind, path, what }) => `${kind} ${path} ${what}`).toSorted();
    assert.deepEqual(differences(upstream), listed);
    const rows = [...upstream.values()].reduce((sum, kind) => sum + kind.size, 0);
    assert.ok(rows > 1900);
    t.diagnostic(`${rows} fields compared, ${listed.length} listed differences`);
  });

  test('extensions are optional fields that exist and that cert-manager does not have', (t) => {
    const ours = crds.flatMap((crd) => {
      const schema = crd.spec.versions[0]?.schema?.openAPIV3Schema;
      assert.ok(schema);
      return [...flattenSchema(schema)].map(([path, row]) => ({ kind: crd.spec.names.kind, path, row }));
    });
    for (const { field, why } of crdExtensions) {
      const roots = ours.filter(({ kind, path }) =>
        `${kind} ${path.replace('.solvers[].', '.solver.')}`.endsWith(field),
      );
      assert.ok(roots.length > 0, `${field} does not exist`);
      for (const { kind, path, row } of roots) assert.equal(row.required, false, `${kind} ${path}`);
      assert.ok(why.length > 20);
    }
    if (!existsSync(list)) {
      t.diagnostic(
        'left out: ../shared/spec/crd-fields.tsv is not here, so nothing says what cert-manager has',
      );
      return;
    }
    for (const [kind, rows] of readList())
      for (const path of rows.keys()) assert.equal(extensionOf(kind, path), undefined, `${kind} ${path}`);
  });

  test('differences are justified and listed once', () => {
    const keys = crdDifferences.map(({ kind, path, what }) => `${kind} ${path} ${what}`);
    assert.equal(new Set(keys).size, keys.length);
    for (const { why } of crdDifferences) assert.ok(why.length > 20);
  });
});
