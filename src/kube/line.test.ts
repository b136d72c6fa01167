/** First in, first out, each once, whatever leaves in between. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, array, constantFrom, integer, property, tuple } from 'fast-check';
import { Line } from './line.ts';

test('what is added leaves in its order, once', () => {
  const step = tuple(constantFrom('add', 'delete', 'shift', 'clear'), integer({ min: 0, max: 9 }));
  check(
    property(array(step, { maxLength: 60 }), (steps) => {
      const line = new Line<number>();
      let model: number[] = [];
      for (const [what, item] of steps) {
        if (what === 'add') {
          line.add(item);
          if (!model.includes(item)) model.push(item);
        } else if (what === 'delete') {
          assert.equal(line.delete(item), model.includes(item));
          model = model.filter((one) => one !== item);
        } else if (what === 'shift') assert.equal(line.shift(), model.shift());
        else {
          line.clear();
          model = [];
        }
        assert.equal(line.size, model.length);
        for (let one = 0; one < 10; one++) assert.equal(line.has(one), model.includes(one));
      }
    }),
  );
});
