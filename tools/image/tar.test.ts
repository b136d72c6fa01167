/** What GNU tar says about our archives, and that nothing but the entries decides about their bytes. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import * as fc from 'fast-check';

import { tar, type TarEntry } from './tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'certwright-tar-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const file = (path: string, content: string, mode = 0o644): TarEntry => ({
  kind: 'file',
  path,
  mode,
  content: Buffer.from(content),
});

function unpacked(entries: readonly TarEntry[]): string {
  const target = mkdtempSync(join(folder, 'out-'));
  writeFileSync(`${target}.tar`, tar(entries));
  execFileSync('tar', ['--extract', '--preserve-permissions', '--file', `${target}.tar`, '-C', target]);
  return target;
}

test('GNU tar lists names, kinds, modes, owners and times as they were meant', () => {
  const archive = join(folder, 'list.tar');
  writeFileSync(
    archive,
    tar([
      file('usr/bin/node', 'x'.repeat(513), 0o755),
      { kind: 'link', path: 'usr/bin/again', target: '../lib/x' },
      { kind: 'folder', path: 'tmp', mode: 0o1777 },
    ]),
  );
  const listed = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '--utc', '--file', archive], {
    encoding: 'utf8',
  });
  assert.deepEqual(
    listed
      .trim()
      .split('\n')
      .map((line) => line.replaceAll(/ +/gu, ' ')),
    [
      'drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 usr/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 usr/bin/',
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00 usr/bin/again -> ../lib/x',
      '-rwxr-xr-x 0/0 513 1970-01-01 00:00 usr/bin/node',
    ],
  );
});

test('GNU tar unpacks what was packed, at every size around a block', () => {
  const sizes = [0, 1, 511, 512, 513, 1024, 5000];
  const target = unpacked([
    ...sizes.map((size) => file(`sizes/${size}`, 'y'.repeat(size))),
    file('modes/secret', '', 0o600),
    { kind: 'link', path: 'modes/link', target: 'secret' },
  ]);
  for (const size of sizes)
    assert.equal(readFileSync(join(target, 'sizes', `${size}`), 'utf8'), 'y'.repeat(size));
  assert.equal(statSync(join(target, 'modes/secret')).mode & 0o777, 0o600);
  assert.equal(readlinkSync(join(target, 'modes/link')), 'secret');
});

test('paths of up to 255 bytes survive, longer ones are refused', () => {
  const folders = Array.from({ length: 15 }, (_, index) => `folder-${index}`.padEnd(10, 'x'))
    .join('/')
    .slice(0, 150);
  const long = `${folders.replace(/\/[^/]*$/u, '')}/${'n'.repeat(100)}`;
  assert.ok(long.length > 200);
  assert.equal(readFileSync(join(unpacked([file(long, 'deep')]), long), 'utf8'), 'deep');
  assert.throws(() => tar([file('n'.repeat(101), '')]), RangeError);
  assert.throws(() => tar([file(`${'f'.repeat(156)}/n`, '')]), RangeError);
});

test('refuses paths that lead elsewhere, and what cannot be unpacked', () => {
  for (const path of ['/etc/passwd', '../up', 'a/../b', '', 'a//b', 'a/'])
    assert.throws(() => tar([file(path, '')]), RangeError, path);
  assert.throws(() => tar([file('a', ''), file('a', '')]), /twice/u);
  assert.throws(() => tar([file('a', ''), file('a/b', '')]), /no folder/u);
});

test('the order in which entries come makes no difference', () => {
  const name = fc.stringMatching(/^[a-zA-Z0-9._-]{1,12}$/u).filter((text) => !/^\.+$/u.test(text));
  const entries = fc.uniqueArray(fc.tuple(name, fc.string({ maxLength: 700 })), {
    selector: ([path]) => path,
    maxLength: 12,
  });
  fc.assert(
    fc.property(entries, fc.nat(), (made, seed) => {
      const files = made.map(([path, content]) => file(`in/${path}`, content));
      const turn = files.length === 0 ? 0 : seed % files.length;
      const turned = [...files.slice(turn), ...files.slice(0, turn)].toReversed();
      assert.deepEqual(tar(turned), tar(files));
    }),
  );
});
