import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { KubeObject, ManagedFieldsEntry } from '../../api/meta.ts';
import { ApplyConflictError, ApplyInputError } from './apply-errors.ts';
import type { ApplyOptions } from './apply-object.ts';
import { applyObject } from './apply-object.ts';
import { compileMergeSchema } from './merge-schema.ts';
import { trackUpdate } from './track-update.ts';

const start = Date.UTC(2026, 0, 1);

const schema = compileMergeSchema({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        a: { type: 'string' },
        b: { type: 'string' },
        atomic: { type: 'array', items: { type: 'string' } },
        set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'protocol'],
          items: {
            type: 'object',
            required: ['port'],
            properties: {
              port: { type: 'integer' },
              protocol: { type: 'string', default: 'TCP' },
              name: { type: 'string' },
              note: { type: 'string' },
            },
          },
        },
        whole: {
          type: 'object',
          'x-kubernetes-map-type': 'atomic',
          additionalProperties: { type: 'string' },
        },
        loose: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
    status: { type: 'object', properties: { ready: { type: 'string' } } },
  },
});

type Thing = KubeObject & { spec?: { [key: string]: unknown }; status?: { [key: string]: unknown } };

function thing(spec: object | undefined, extra: object = {}): Thing {
  return {
    apiVersion: 'x.io/v1',
    kind: 'Thing',
    metadata: { name: 'n', ...extra },
    ...(spec === undefined ? {} : { spec }),
  } as Thing;
}

function apply(
  live: KubeObject | undefined,
  applied: KubeObject,
  manager: string,
  more: Partial<ApplyOptions> = {},
): Thing {
  return applyObject({
    live,
    applied,
    manager,
    force: false,
    schema,
    now: start,
    apiVersion: 'x.io/v1',
    ...more,
  });
}

function fieldsOf(object: KubeObject, manager: string): unknown {
  return object.metadata?.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1;
}

function update(before: Thing | undefined, after: Thing, manager: string, now = start): Thing {
  const managedFields = trackUpdate({ before, after, manager, schema, now, apiVersion: 'x.io/v1' });
  return { ...after, metadata: { ...after.metadata, managedFields } };
}

describe('server-side apply', () => {
  it('creates with an entry that names every applied field and nothing of the identity', () => {
    const made = apply(undefined, thing({ a: '1', ports: [{ port: 80 }] }, { labels: { l: 'x' } }), 'm1');
    assert.deepEqual(made.metadata?.managedFields, [
      {
        apiVersion: 'x.io/v1',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { 'f:l': {} } },
          'f:spec': { 'f:a': {}, 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } } },
        },
        manager: 'm1',
        operation: 'Apply',
        time: '2026-01-01T00:00:00Z',
      },
    ]);
  });

  it('is without effect the second time, whatever the clock says', () => {
    const made = apply(undefined, thing({ a: '1' }), 'm1');
    assert.equal(apply(made, thing({ a: '1' }), 'm1', { now: start + 5000 }), made);
  });

  it('removes what the manager no longer applies, and keeps what others own', () => {
    const first = apply(undefined, thing({ a: '1', b: '2', set: ['x', 'y'] }), 'm1');
    const shared = apply(first, thing({ b: '2', set: ['y'] }), 'm2');
    const less = apply(shared, thing({ a: '1' }), 'm1');
    assert.deepEqual(less.spec, { a: '1', b: '2', set: ['y'] });
    const none = apply(less, thing(undefined), 'm2');
    assert.deepEqual(none.spec, { a: '1' });
    assert.equal(fieldsOf(none, 'm2'), undefined);
  });

  it('keeps defaults and foreign fields beside the removed ones', () => {
    const made = update(apply(undefined, thing({ a: '1' }), 'm1'), thing({ a: '1', b: 'foreign' }), 'other');
    assert.deepEqual(apply(made, thing({}), 'm1').spec, { b: 'foreign' });
  });

  it('conflicts over another value and names manager and path as Kubernetes does', () => {
    const made = update(undefined, thing({ a: '1', ports: [{ port: 80, name: 'web' }] }), 'editor');
    assert.throws(
      () => apply(made, thing({ a: '2' }), 'm1'),
      (error: unknown) =>
        error instanceof ApplyConflictError &&
        error.message === 'Apply failed with 1 conflict: conflict with "editor" using x.io/v1: .spec.a' &&
        error.conflicts[0]?.path === '.spec.a',
    );
    assert.throws(
      () => apply(made, thing({ a: '2', ports: [{ port: 80, name: 'w' }] }), 'm1'),
      (error: unknown) =>
        error instanceof ApplyConflictError &&
        error.message ===
          'Apply failed with 2 conflicts: conflicts with "editor" using x.io/v1:\n- .spec.a\n- .spec.ports[port=80,protocol="TCP"].name',
    );
  });

  it('takes the field over when forced, and shares it when the value is the same', () => {
    const made = apply(undefined, thing({ a: '1', b: '1' }), 'm1');
    const shared = apply(made, thing({ a: '1' }), 'm2');
    assert.deepEqual(fieldsOf(shared, 'm1'), { 'f:spec': { 'f:a': {}, 'f:b': {} } });
    assert.deepEqual(fieldsOf(shared, 'm2'), { 'f:spec': { 'f:a': {} } });
    const forced = apply(shared, thing({ a: '9' }), 'm2', { force: true });
    assert.deepEqual(fieldsOf(forced, 'm1'), { 'f:spec': { 'f:b': {} } });
    assert.equal(forced.spec?.['a'], '9');
  });

  it('merges by list type: atomic lists and maps as a whole, sets by value, maps by key', () => {
    const made = apply(
      undefined,
      thing({ atomic: ['a'], set: ['a', 'b'], ports: [{ port: 1, name: 'one' }], whole: { k: 'v' } }),
      'm1',
    );
    const merged = apply(
      made,
      thing({ set: ['c', 'a'], ports: [{ port: 2 }, { port: 1, note: 'n' }] }),
      'm2',
    );
    assert.deepEqual(merged.spec?.['set'], ['c', 'a', 'b']);
    assert.deepEqual(merged.spec?.['ports'], [{ port: 2 }, { port: 1, name: 'one', note: 'n' }]);
    assert.throws(() => apply(made, thing({ atomic: ['a', 'b'] }), 'm2'), ApplyConflictError);
    assert.throws(() => apply(made, thing({ whole: { k: 'v', l: 'w' } }), 'm2'), ApplyConflictError);
  });

  it('keeps what an untracked object held with before-first-apply', () => {
    const live = thing({ a: '1' }, { uid: 'u', resourceVersion: '7' });
    assert.throws(
      () => apply(live, thing({ a: '2' }), 'm1'),
      /conflict with "before-first-apply" using x.io\/v1: .spec.a/,
    );
    const forced = apply(live, thing({ a: '2' }), 'm1', { force: true });
    assert.equal(forced.metadata?.uid, 'u');
    assert.equal(forced.metadata?.resourceVersion, '7');
    assert.deepEqual(fieldsOf(forced, 'before-first-apply'), { 'f:spec': {} });
  });

  it('keeps the main resource and the status subresource apart', () => {
    const made = apply(undefined, { ...thing({ a: '1' }), status: { ready: 'no' } } as KubeObject, 'm1');
    assert.equal(made.status, undefined);
    const both = apply(made, { ...thing({ a: '2' }), status: { ready: 'yes' } } as KubeObject, 'm1', {
      subresource: 'status',
    });
    assert.deepEqual([both.spec, both.status], [{ a: '1' }, { ready: 'yes' }]);
    assert.equal(both.metadata?.managedFields?.length, 2);
    assert.deepEqual(apply(both, thing({ a: '1' }), 'm1').status, { ready: 'yes' });
  });

  it('lets kubectl take over what its client-side apply set, and keeps the annotation', () => {
    const last = 'kubectl.kubernetes.io/last-applied-configuration';
    const config = thing({ a: '1' });
    const annotated = thing({ a: '1' }, { annotations: { [last]: JSON.stringify(config) } });
    const live = update(undefined, annotated, 'kubectl-client-side-apply');
    assert.throws(() => apply(live, thing({ a: '2' }), 'somebody'), ApplyConflictError);
    const moved = apply(live, thing({ a: '2' }), 'kubectl');
    assert.equal(moved.spec?.['a'], '2');
    assert.match(moved.metadata?.annotations?.[last] ?? '', /"a":"2"/);
    const stolen = update(live, thing({ a: '3' }, annotated.metadata), 'thief');
    assert.throws(() => apply(stolen, thing({ a: '2' }), 'kubectl'), /"thief"/);
  });

  it('refuses managedFields, repeated items and items without keys', () => {
    assert.throws(() => apply(undefined, thing({}, { managedFields: [{}] }), 'm'), ApplyInputError);
    assert.throws(() => apply(undefined, thing({ set: ['a', 'a'] }), 'm'), ApplyInputError);
    assert.throws(() => apply(undefined, thing({ ports: [{ name: 'x' }] }), 'm'), ApplyInputError);
  });

  it('treats __proto__ and constructor as names', () => {
    const config = JSON.parse(
      '{"metadata":{"name":"n","labels":{"__proto__":"x","constructor":"y"}},"spec":{"loose":{"__proto__":{"p":1}}}}',
    ) as KubeObject;
    const made = apply(undefined, config, 'm1');
    assert.equal(Object.hasOwn(made.metadata?.labels ?? {}, '__proto__'), true);
    assert.equal(({} as { p?: unknown }).p, undefined);
    assert.deepEqual(apply(made, thing({}), 'm1').metadata?.labels, undefined);
  });
});

const text = fc.constantFrom('x', 'y', 'z');
const specs = fc.record(
  {
    a: text,
    b: text,
    atomic: fc.array(text, { maxLength: 3 }),
    set: fc.uniqueArray(text),
    ports: fc.uniqueArray(
      fc.record({ port: fc.integer({ min: 1, max: 4 }), name: text }, { requiredKeys: ['port'] }),
      {
        selector: (port) => port.port,
      },
    ),
    whole: fc.dictionary(text, text),
    loose: fc.dictionary(text, fc.oneof(text, fc.dictionary(text, text))),
  },
  { requiredKeys: [] },
);

describe('server-side apply, always', () => {
  it('is idempotent', () => {
    fc.assert(
      fc.property(specs, specs, specs, (one, two, three) => {
        const live = update(apply(undefined, thing(one), 'm1'), thing(two), 'other');
        const once = apply(live, thing(three), 'm2', { force: true });
        assert.equal(apply(once, thing(three), 'm2', { now: start + 1000 }), once);
      }),
      { numRuns: 200 },
    );
  });

  it('gives the forced manager what it asked for, and takes it from the other', () => {
    fc.assert(
      fc.property(specs, specs, (one, two) => {
        const made = apply(undefined, thing(one), 'm1');
        const forced = apply(made, thing(two), 'm2', { force: true });
        for (const key of ['a', 'b', 'atomic', 'whole']) {
          const wanted = (two as { [key: string]: unknown })[key];
          if (wanted !== undefined) assert.deepEqual(forced.spec?.[key], wanted);
        }
        const entries: ManagedFieldsEntry[] = forced.metadata?.managedFields ?? [];
        const first = fieldsOf({ metadata: { managedFields: entries } }, 'm1') as
          | { 'f:spec'?: object }
          | undefined;
        for (const key of ['a', 'b'] as const) {
          const taken = two[key] !== undefined && one[key] !== undefined && two[key] !== one[key];
          if (taken) assert.equal(Object.hasOwn(first?.['f:spec'] ?? {}, `f:${key}`), false);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('leaves nothing of a manager that applies nothing any more', () => {
    fc.assert(
      fc.property(specs, (one) => {
        const made = apply(undefined, thing(one), 'm1');
        const empty = apply(made, thing(undefined), 'm1');
        // Empty lists are owned by nobody, so nobody's leaving removes them.
        const left = Object.values(empty.spec ?? {}).filter((value) => JSON.stringify(value) !== '[]');
        assert.deepEqual(left, []);
        assert.equal(empty.metadata?.managedFields, undefined);
      }),
      { numRuns: 200 },
    );
  });
});
