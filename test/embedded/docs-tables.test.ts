/** Tables of the documentation, held against what they speak of. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  certificateEvents,
  certificateReasons,
  issuerEvents,
  orderEvents,
  issuerReasons,
  requestEvents,
  requestReasons,
  violations,
} from '../../src/api/reasons.ts';
import { notSupported } from '../../src/controllers/issuer/decide.ts';
import { withGeneratedParts } from '../../tools/generate/doc-sections.ts';
import { inCode, page, root, tableRows } from './docs/documents.ts';

const troubleshooting = page('docs/troubleshooting.md').text;

/** What the first cells of the tables below a heading name. */
function firstCells(text: string, heading: string): string[] {
  return tableRows(text, heading).flatMap(([cell = '']) => inCode(cell));
}

for (const [heading, reasons] of [
  [
    '## Certificate',
    [
      ...Object.values(violations),
      ...Object.values(certificateReasons),
      // A request's terminal states become the reason of Issuing=False.
      requestReasons.failed,
      requestReasons.denied,
      'InvalidRequest',
    ],
  ],
  ['## CertificateRequest', Object.values(requestReasons)],
  ['## Issuer and ClusterIssuer', [...Object.values(issuerReasons), notSupported, 'ErrInitIssuer']],
] as const) {
  test(`troubleshooting explains every reason of ${heading.slice(3)}, and no other`, () => {
    assert.deepEqual(firstCells(troubleshooting, heading).toSorted(), [...new Set(reasons)].toSorted());
  });
}

test('troubleshooting says what to do about every reason of a Certificate', () => {
  for (const row of tableRows(troubleshooting, '## Certificate')) {
    assert.equal(row.length, 3, row.join(' | '));
    assert.ok(
      row.every((cell) => cell !== ''),
      row.join(' | '),
    );
  }
});

test('events in troubleshooting exist', () => {
  const known = new Set<string>(
    [certificateEvents, requestEvents, issuerEvents, orderEvents].flatMap(Object.values),
  );
  const ours = readFileSync(join(root, 'src/issuers/lint.ts'), 'utf8');
  for (const event of firstCells(troubleshooting, '## Events worth knowing')) {
    assert.ok(known.has(event) || ours.includes(`'${event}'`), event);
  }
});

for (const path of globSync('docs/*.md', { cwd: root }).toSorted()) {
  const { text } = page(path);
  if (!text.includes('<!-- generated:')) continue;
  test(`${path} is as \`npm run generate\` makes it`, () => {
    assert.equal(text, withGeneratedParts(text));
  });
}

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
}

test('every dependency has a row with its version, every row a dependency', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const { text } = page('docs/dependencies.md');
  const rows = (heading: string): string[] =>
    tableRows(text, heading).flatMap(([cell = '']) => versioned(cell));
  const of = (versions: Record<string, string>): string[] =>
    Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  assert.deepEqual(rows('## In the program').toSorted(), of(manifest.dependencies).toSorted());
  assert.deepEqual(
    rows('## Beside the program').toSorted(),
    of({ ...manifest.devDependencies, ...manifest.optionalDependencies }).toSorted(),
  );
  const present = { ...manifest.dependencies, ...manifest.devDependencies };
  for (const name of firstCells(text, '## Chosen, enters with its room')) assert.ok(!(name in present), name);
});

/** `a`, `b` 1.0 and `c` 2.0 in a cell: each name with the version that follows it. */
function versioned(cell: string): string[] {
  let version = '';
  return [...cell.matchAll(/`([^`]+)`(?: (\d[\w.]*))?/gu)]
    .toReversed()
    .map(([, name = '', own = '']) => `${name} ${(version = own === '' ? version : own)}`);
}
