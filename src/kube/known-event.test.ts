import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { bookmarkFor } from './known-event.ts';

const eventOf = (type: string, metadata: object): Buffer =>
  Buffer.from(JSON.stringify({ type, object: { apiVersion: 'v1', kind: 'Secret', metadata } }));
const known = (version: string): boolean => version === '77';

describe('an event of our own write', () => {
  it('becomes a bookmark of its version', () => {
    for (const type of ['ADDED', 'MODIFIED'])
      assert.deepEqual(bookmarkFor(eventOf(type, { name: 'a', resourceVersion: '77' }), known), {
        type: 'BOOKMARK',
        object: { metadata: { resourceVersion: '77' } },
      });
  });

  it('is parsed when it is none of ours, or takes an object away', () => {
    assert.equal(bookmarkFor(eventOf('MODIFIED', { name: 'a', resourceVersion: '78' }), known), undefined);
    // An object that our own write took out of a selection goes with the version of that write.
    for (const type of ['DELETED', 'BOOKMARK', 'ERROR'])
      assert.equal(bookmarkFor(eventOf(type, { resourceVersion: '77' }), known), undefined);
    for (const line of ['', '{}', '{"type":"ADDED",', '{"type":"ADDED","resourceVersion":"'])
      assert.equal(bookmarkFor(Buffer.from(line), known), undefined);
  });

  it('is not passed over for what a stranger writes into an object', () => {
    const key = { resourceVersion: '77' };
    assert.equal(
      bookmarkFor(eventOf('ADDED', { annotations: key, resourceVersion: '78' }), known),
      undefined,
    );
    assert.equal(bookmarkFor(eventOf('ADDED', { resourceVersion: '78', labels: key }), known), undefined);
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.string()), (text, annotations) => {
        const told = [text, JSON.stringify({ resourceVersion: '77' }), JSON.stringify(JSON.stringify(key))];
        for (const a of told)
          assert.equal(
            bookmarkFor(
              eventOf('ADDED', { annotations: { ...annotations, a }, name: a, resourceVersion: '78' }),
              known,
            ),
            undefined,
          );
      }),
    );
  });
});
