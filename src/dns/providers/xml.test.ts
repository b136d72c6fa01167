import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { allAt, escapeXml, parseXml, textAt } from './xml.ts';

test('elements, text, attributes, comments, CDATA, prefixes and entities', () => {
  const root = parseXml(
    `<?xml version="1.0"?>\n<!-- a > b --><s:A xmlns="u" b='c'><B> 1&amp;&#x32;&#51; </B><B/><C><![CDATA[<x>&]]></C></s:A>\n`,
  );
  assert.equal(root?.name, 'A');
  assert.equal(textAt(root, 'B'), '1&23');
  assert.equal(allAt(root, 'B').length, 2);
  assert.equal(textAt(root, 'C'), '<x>&');
  assert.equal(textAt(root, 'D', 'E'), undefined);
});

for (const text of [
  '',
  'text',
  '<a>',
  '<a></b>',
  '</a>',
  '<a/><b/>',
  '<a/>text',
  '<a><b></a></b>',
  '<a',
  '<!DOCTYPE a><a/>',
  '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  '<a>&unknown;</a>',
  '<a>&#x110000;</a>',
  '<!-- <a/>',
  `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`,
  `<a>${'<b/>'.repeat(60_000)}</a>`,
])
  test(`not read: ${text.slice(0, 40)}`, () => {
    assert.equal(parseXml(text), undefined);
  });

test('whatever text goes in comes out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      assert.equal(
        textAt(parseXml(`<a>${escapeXml(text)}</a>`)),
        text.trim() === '' ? undefined : text.trim(),
      );
    }),
  );
});

test('no text makes it throw, or take longer than its length allows', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '<',
      '>',
      '/',
      '</a>',
      '<a>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      '&',
      ';',
      '&#x',
      'a',
    ),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
      parseXml(pieces.join(''));
    }),
  );
  const before = process.cpuUsage();
  for (const hostile of ['<!--', '<![CDATA[', '<?', '<a ', '&', '<a>', '<'])
    parseXml(hostile.repeat(250_000));
  assert.ok(process.cpuUsage(before).user < 1_000_000);
});
