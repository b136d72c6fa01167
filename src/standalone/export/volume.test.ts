import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  existsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ExportError, removeVolume, writeVolume } from './volume.ts';

const now = new Date('2026-11-22T10:00:00Z');
const file = (name: string, text: string): { name: string; bytes: Uint8Array } => ({
  name,
  bytes: Buffer.from(text),
});

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'certwright-volume-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('files are swapped as one set, unchanged sets are left alone, old ones go', async (t) => {
  const target = join(folder(t), 'web');
  assert.equal(await writeVolume(target, [file('a', '1'), file('b', '1')], now), true);
  const first = readlinkSync(join(target, '..data'));
  assert.equal(await writeVolume(target, [file('a', '1'), file('b', '1')], now), false);
  assert.equal(readlinkSync(join(target, '..data')), first);
  assert.equal(await writeVolume(target, [file('a', '2'), file('c', '2')], now), true);
  assert.deepEqual(
    readdirSync(target)
      .filter((name) => !name.startsWith('..'))
      .toSorted(),
    ['a', 'c'],
  );
  assert.equal(readFileSync(join(target, 'a'), 'utf8'), '2');
  assert.equal(readdirSync(target).filter((name) => name.startsWith('..2')).length, 1);
});

test('a folder left half-written by a crash is completed', async (t) => {
  const target = join(folder(t), 'web');
  await writeVolume(target, [file('a', '1')], now);
  rmSync(join(target, 'a'));
  symlinkSync('nowhere', join(target, '..data_tmp'));
  mkdirSync(join(target, '..2026_01_01_00_00_00.dead00'));
  assert.equal(await writeVolume(target, [file('a', '1')], now), true);
  assert.equal(readFileSync(join(target, 'a'), 'utf8'), '1');
  assert.equal(existsSync(join(target, '..2026_01_01_00_00_00.dead00')), false);
});

test('files of others and links in our place are refused', async (t) => {
  const root = folder(t);
  mkdirSync(join(root, 'web'));
  writeFileSync(join(root, 'web/a'), 'mine');
  await assert.rejects(writeVolume(join(root, 'web'), [file('a', '1')], now), ExportError);
  assert.equal(readFileSync(join(root, 'web/a'), 'utf8'), 'mine');
  mkdirSync(join(root, 'elsewhere'));
  symlinkSync('elsewhere', join(root, 'linked'));
  await assert.rejects(writeVolume(join(root, 'linked'), [file('a', '1')], now), ExportError);
  assert.deepEqual(readdirSync(join(root, 'elsewhere')), []);
});

test('removal takes what is ours and nothing else', async (t) => {
  const root = folder(t);
  const target = join(root, 'web');
  await writeVolume(target, [file('a', '1')], now);
  writeFileSync(join(target, 'notes'), 'mine');
  await removeVolume(target);
  assert.deepEqual(readdirSync(target), ['notes']);
  rmSync(join(target, 'notes'));
  await writeVolume(target, [file('a', '1')], now);
  await removeVolume(target);
  assert.equal(existsSync(target), false);
});

const leftovers: Record<string, (target: string) => void> = {
  'a name that was not yet put in place': (target) => {
    rmSync(join(target, 'a'));
    symlinkSync('..data/a', join(target, '..a_tmp'));
  },
  'the data of before, though everything shows the new': (target) => {
    mkdirSync(join(target, '..2026_01_01_00_00_00.dead00'));
    writeFileSync(join(target, '..2026_01_01_00_00_00.dead00/a'), 'an old key');
  },
  'new data that nothing shows': (target) => {
    rmSync(join(target, '..data'));
    rmSync(join(target, 'a'));
    symlinkSync('..2026_01_01_00_00_00.dead00', join(target, '..data_tmp'));
  },
};

for (const [what, leave] of Object.entries(leftovers)) {
  test(`after an end half-way that left ${what}, writing completes and removing leaves nothing`, async (t) => {
    const target = join(folder(t), 'web');
    await writeVolume(target, [file('a', '1')], now);
    leave(target);
    await writeVolume(target, [file('a', '1')], now);
    assert.deepEqual(
      readdirSync(target).toSorted(),
      ['..data', readlinkSync(join(target, '..data')), 'a'].toSorted(),
    );
    assert.equal(readFileSync(join(target, 'a'), 'utf8'), '1');
    leave(target);
    await removeVolume(target);
    assert.equal(existsSync(target), false);
  });
}
