import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { KubeObject, KubeList, ManagedFieldsEntry } from '../../api/meta.ts';
import type { FieldSet } from './field-set.ts';
import { difference, intersection, isEmpty, sameSet, setOf, union } from './field-set.ts';
import { decodeFields, encodeFields } from './fields-v1.ts';
import { decodeManagers, encodeManagers } from './managers.ts';
import { compileMergeSchema } from './merge-schema.ts';
import { trackUpdate } from './track-update.ts';

const start = Date.UTC(2026, 0, 1);
const conditions = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: { type: 'object', properties: { type: { type: 'string' }, status: { type: 'string' } } },
};
const schema = compileMergeSchema({
  type: 'object',
  properties: {
    spec: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } },
    status: { type: 'object', properties: { conditions, n: { type: 'integer' } } },
  },
});

type Thing = KubeObject & { spec?: object; status?: object };

function track(
  before: Thing | undefined,
  after: Thing,
  manager: string,
  more: { subresource?: string; now?: number } = {},
): Thing {
  const managedFields = trackUpdate({
    before,
    after,
    manager,
    schema,
    now: start,
    apiVersion: 'v1',
    ...more,
  });
  return { ...after, metadata: { ...after.metadata, managedFields } };
}

const made = track(
  undefined,
  { metadata: { name: 'n', uid: 'u', labels: { l: '1' } }, spec: { a: '1', b: '2' } },
  'm1',
);

describe('tracking updates', () => {
  it('gives a created object to its creator, containers included', () => {
    assert.deepEqual(made.metadata?.managedFields?.[0]?.fieldsV1, {
      'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } },
      'f:spec': { '.': {}, 'f:a': {}, 'f:b': {} },
    });
  });

  it('moves a changed field to whoever changed it and forgets a removed one', () => {
    const changed = track(made, { ...made, spec: { a: '9' } }, 'm2', { now: start + 1000 });
    assert.deepEqual(
      changed.metadata?.managedFields?.map((entry) => [entry.manager, entry.time, entry.fieldsV1]),
      [
        [
          'm1',
          '2026-01-01T00:00:00Z',
          { 'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } }, 'f:spec': {} },
        ],
        ['m2', '2026-01-01T00:00:01Z', { 'f:spec': { 'f:a': {} } }],
      ],
    );
  });

  it('keeps the very list when nothing tracked changes', () => {
    const touched: Thing = { ...made, metadata: { ...made.metadata, resourceVersion: '8', generation: 3 } };
    const again = track(made, touched, 'm2', { now: start + 1000 });
    assert.equal(again.metadata?.managedFields, made.metadata?.managedFields);
  });

  it('tracks the status subresource apart and only there', () => {
    const after: Thing = {
      ...made,
      spec: { a: 'ignored' },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    };
    const entry = track(made, after, 'm1', { subresource: 'status' }).metadata?.managedFields?.[1];
    assert.deepEqual(
      [entry?.subresource, entry?.fieldsV1],
      [
        'status',
        {
          'f:status': {
            '.': {},
            'f:conditions': { '.': {}, 'k:{"type":"Ready"}': { '.': {}, 'f:status': {}, 'f:type': {} } },
          },
        },
      ],
    );
  });

  it('restores what a client dropped, obeys what it rewrote, and starts afresh when asked', () => {
    const bare: Thing = { ...made, metadata: { name: 'n', uid: 'u', labels: { l: '1' } } };
    assert.deepEqual(track(made, bare, 'm2').metadata?.managedFields, made.metadata?.managedFields);
    const entries: ManagedFieldsEntry[] = [
      { manager: 'z', operation: 'Apply', apiVersion: 'v1', fieldsV1: { 'f:spec': { 'f:a': {} } } },
    ];
    const rewritten: Thing = { ...made, metadata: { ...made.metadata, managedFields: entries } };
    assert.deepEqual(track(made, rewritten, 'm2').metadata?.managedFields, entries);
    const cleared: Thing = { ...made, metadata: { ...made.metadata, managedFields: [{}] } };
    assert.deepEqual(track(made, cleared, 'm2').metadata?.managedFields, []);
  });

  it('merges the oldest updaters into ancient-changes beyond ten', () => {
    let object = made;
    for (let i = 0; i < 15; i++) {
      const labels = { ...object.metadata?.labels, [`l${i}`]: 'x' };
      object = track(object, { ...object, metadata: { ...object.metadata, labels } }, `w${i}`, {
        now: start + i * 1000,
      });
    }
    const entries = object.metadata?.managedFields ?? [];
    assert.equal(entries.length, 10);
    assert.equal(entries[0]?.manager, 'ancient-changes');
    assert.equal(Object.keys(entries[0]?.fieldsV1?.['f:metadata']?.['f:labels'] ?? {}).length, 8);
  });
});

const elements = fc.constantFrom('f:a', 'f:b', 'k:{"type":"x"}', 'v:"y"', 'i:0', 'f:__proto__');
const sets: fc.Arbitrary<FieldSet> = fc
  .array(fc.array(elements, { minLength: 1, maxLength: 4 }), { maxLength: 8 })
  .map(setOf);

describe('field sets, always', () => {
  it('come back from JSON as they were', () => {
    fc.assert(
      fc.property(sets, (set) => {
        const back = decodeFields(JSON.parse(JSON.stringify(encodeFields(set))));
        assert.equal(back !== undefined && sameSet(back, set), true);
      }),
    );
  });

  it('obey the laws of sets', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        assert.equal(sameSet(union(difference(a, b), intersection(a, b)), a), true);
        assert.equal(isEmpty(intersection(difference(a, b), b)), true);
        assert.equal(sameSet(union(a, b), union(b, a)), true);
        assert.equal(difference(a, difference(b, b)), a);
      }),
    );
  });

  it('never throw on hostile JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const managers = decodeManagers([{ manager: 'm', operation: 'Update', fieldsV1: json as never }]);
        assert.equal(Array.isArray(encodeManagers(managers, undefined)), true);
      }),
    );
    assert.equal(decodeFields({ nonsense: {} }), undefined);
  });
});

describe('managedFields that Kubernetes wrote', () => {
  it('decode and encode to the same bytes', (test) => {
    const folder = new URL('../../../../shared/fixtures/cert-manager-1.21/', import.meta.url);
    if (!existsSync(folder)) {
      test.diagnostic('left out: ../shared/fixtures is not here');
      return;
    }
    let entries = 0;
    for (const name of [
      'certificates',
      'certificaterequests',
      'secrets',
      'issuers',
      'clusterissuers',
      'ingresses',
    ]) {
      const list = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as KubeList<KubeObject>;
      for (const item of list.items) {
        const stored = item.metadata?.managedFields ?? [];
        const managers = decodeManagers(stored);
        assert.equal(managers.size, stored.length);
        for (const [key, manager] of managers) {
          const { entry, ...rest } = manager;
          managers.set(key, rest);
          assert.equal(JSON.stringify(encodeFields(manager.set)), JSON.stringify(entry?.fieldsV1));
        }
        assert.deepEqual(encodeManagers(managers, undefined), stored);
        entries += stored.length;
      }
    }
    assert.ok(entries > 50);
  });
});
