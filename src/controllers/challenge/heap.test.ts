/** Whatever is put in, moved and taken out: the first is the first, at the price of a logarithm. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, array, boolean, integer, property, tuple } from 'fast-check';
import { Heap } from './heap.ts';

interface Item {
  name: number;
  weight: number;
}

test('the first is the lightest after any changes', () => {
  const step = tuple(integer({ min: 0, max: 20 }), integer({ min: 0, max: 1000 }), boolean());
  check(
    property(array(step, { maxLength: 100 }), (steps) => {
      const items = Array.from({ length: 21 }, (_one, name): Item => ({ name, weight: 0 }));
      const heap = new Heap<Item>((a, b) => (a.weight === b.weight ? a.name < b.name : a.weight < b.weight));
      const inside = new Set<Item>();
      for (const [name, weight, stays] of steps) {
        const item = items[name]!;
        if (stays) {
          item.weight = weight;
          inside.add(item);
          heap.place(item);
        } else assert.equal(heap.delete(item), inside.delete(item));
        assert.equal(heap.has(item), inside.has(item));
        assert.equal(heap.size, inside.size);
        const [lightest] = [...inside].toSorted((a, b) => a.weight - b.weight || a.name - b.name);
        assert.equal(heap.first, lightest);
      }
    }),
  );
});

test('ten thousand entries: a change costs some dozen comparisons', () => {
  let compared = 0;
  const heap = new Heap<{ weight: number }>((a, b) => {
    compared++;
    return a.weight < b.weight;
  });
  const items = Array.from({ length: 10_000 }, (_one, i) => ({ weight: (i * 7919) % 10_007 }));
  for (const item of items) heap.place(item);
  compared = 0;
  for (const [i, item] of items.slice(0, 100).entries()) {
    item.weight = 10_007 - i;
    heap.place(item);
    heap.delete(item);
  }
  assert.ok(compared <= 100 * 60, String(compared));
});
