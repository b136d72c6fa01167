import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Certificate } from '../../api/certificate.ts';
import type { Secret } from '../../api/core.ts';
import { Exporter } from './exporter.ts';
import { ExportError, writeVolume } from './volume.ts';

const now = new Date('2026-11-22T10:00:00Z');

function temporary(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'certwright-exporter-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function certificate(name: string, annotations: Record<string, string> = {}): Certificate {
  return { metadata: { namespace: 'shop', name, annotations }, spec: { secretName: name } } as Certificate;
}

function exporter(directory: string, value = 'one'): Exporter {
  const data = { 'tls.key': Buffer.from(value).toString('base64') };
  const readSecret = (_: string, name: string): Promise<Secret> =>
    Promise.resolve({ metadata: { annotations: { 'cert-manager.io/certificate-name': name } }, data });
  return new Exporter({ directory, now: () => now, readSecret });
}

test('keys are for their owner only', async (t) => {
  const root = temporary(t);
  await exporter(root).export(certificate('web'));
  for (const [path, mode] of [
    ['shop', 0o700],
    ['shop/web', 0o700],
    ['shop/web/..data', 0o700],
    ['shop/web/tls.key', 0o600],
  ] as const) {
    assert.equal(statSync(join(root, path)).mode & 0o777, mode, path);
  }
});

test('nothing is removed through a link in the place of a folder', async (t) => {
  for (const link of ['shop', 'shop/web']) {
    const root = temporary(t);
    // A volume of somebody else, kubelet for one, looks like ours.
    const other = temporary(t);
    await writeVolume(join(other, 'web'), [{ name: 'tls.key', bytes: Buffer.from('theirs') }], now);
    if (link === 'shop') symlinkSync(other, join(root, 'shop'));
    else {
      mkdirSync(join(root, 'shop'));
      symlinkSync(join(other, 'web'), join(root, 'shop/web'));
    }
    await exporter(root).remove('shop', 'web');
    assert.deepEqual(await exporter(root).sweep(new Set()), []);
    assert.equal(readFileSync(join(other, 'web/tls.key'), 'utf8'), 'theirs');
    await assert.rejects(exporter(root).export(certificate('web')), ExportError);
    assert.equal(readFileSync(join(other, 'web/tls.key'), 'utf8'), 'theirs');
  }
});

test('a file name as long as names can be is written, replaced and removed', async (t) => {
  const root = temporary(t);
  const name = 'n'.repeat(255);
  const web = certificate('web', { 'certwright.dev/export-tls.key': name });
  assert.equal((await exporter(root).export(web)).kind, 'written');
  assert.equal((await exporter(root, 'two').export(web)).kind, 'written');
  assert.equal(readFileSync(join(root, 'shop/web', name), 'utf8'), 'two');
  assert.equal(readdirSync(join(root, 'shop/web')).length, 3);
  await exporter(root).remove('shop', 'web');
  assert.equal(existsSync(join(root, 'shop')), false);
});

test('what an earlier run left is swept, what is known stays', async (t) => {
  const root = temporary(t);
  for (const name of ['web', 'old']) await exporter(root).export(certificate(name));
  assert.deepEqual(await exporter(root).sweep(new Set(['shop/web'])), ['shop/old']);
  assert.deepEqual(readdirSync(join(root, 'shop')), ['web']);
});
