/** No space left in the middle of a storm: clear answers, nothing half-written, and it goes on when there is space again. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ConfigMap } from '../../src/api/core.ts';
import type { Certificate } from '../../src/api/certificate.ts';
import { certificates, configMaps } from '../../src/api/resources.ts';
import { ServerError } from '../../src/kube/errors.ts';
import { checkExport, checkHoldings, holdingsOf, writeFleet } from './fleet.ts';
import {
  runOnce,
  scratchFolder,
  startProcess,
  tailOf,
  type StandaloneProcess,
} from './standalone-process.ts';

const leaves = 200;

/** Bounds how long any file of the process may grow (RLIMIT_FSIZE): the kernel refuses writes as on a full disk. */
function limitFiles({ child }: StandaloneProcess, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:unlimited`]);
}

function longestFile(folder: string): number {
  return Math.max(
    ...['objects.db', 'objects.db-wal'].map((name) => statSync(join(folder, 'data', name)).size),
  );
}

async function issuedCount({ client }: StandaloneProcess): Promise<number> {
  const { items } = await client.list<Certificate>(certificates);
  return items.filter(({ status }) => status?.revision === 1).length;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 50_000;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function configMap(name: string): ConfigMap {
  const metadata = { name, namespace: 'default' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: 'x'.repeat(10_000) } };
}

/** Writes until the server has no more room; answers the refusal. */
async function fill({ client }: StandaloneProcess): Promise<Error> {
  for (let index = 0; index < 10_000; index++) {
    try {
      await client.create(configMaps, configMap(`filler-${index}`), { fieldManager: 'test' });
    } catch (error) {
      return error as Error;
    }
  }
  throw new Error('there was room for ten thousand');
}

test('a full disk in a storm', async (t: TestContext) => {
  const folder = scratchFolder(t);
  writeFleet(folder, leaves);
  const running = await startProcess(t, folder);
  await until('the storm begins', async () => (await issuedCount(running)) >= 20);
  limitFiles(running, longestFile(folder) + 20_000);
  const refusal = await fill(running);
  assert.ok(refusal instanceof ServerError, String(refusal));
  assert.match(refusal.message, /objects\.db.*(space|size limit)/);
  const stuck = await issuedCount(running);
  assert.ok(stuck < leaves, 'the storm stands still');
  await assert.rejects(
    running.client.create(configMaps, configMap('late'), { fieldManager: 'test' }),
    ServerError,
    'it goes on answering',
  );

  limitFiles(running, 'unlimited');
  const freed = performance.now();
  await until('all are issued once there is space', async () => (await issuedCount(running)) === leaves + 1);
  t.diagnostic(
    `${leaves + 1 - stuck} were left; all issued ${(performance.now() - freed).toFixed(0)} ms after there was space`,
  );
  assert.equal(await running.end('SIGTERM'), 0, tailOf(running.log()));
  const once = await runOnce(t, folder);
  assert.equal(once.code, 0, tailOf(once.log));
  const again = await startProcess(t, folder);
  const held = await holdingsOf(again.client);
  await again.end('SIGTERM');
  checkHoldings(held, leaves + 1);
  checkExport(folder, held);
});

test('a data folder that cannot be written is refused at the start, with the path', async (t) => {
  const folder = scratchFolder(t);
  writeFleet(folder, 1);
  assert.equal((await runOnce(t, folder)).code, 0);
  // As root a mode keeps nobody out: a folder in the place of a file does.
  const wal = join(folder, 'data/objects.db-wal');
  mkdirSync(wal);
  chmodSync(wal, 0o500);
  const refused = await runOnce(t, folder);
  assert.equal(refused.code, 3, tailOf(refused.log));
  assert.match(refused.log, /data\/objects\.db/);
});

test('an export that the disk refuses is told once and tried again until it works', async (t) => {
  const folder = scratchFolder(t);
  writeFleet(folder, 1);
  mkdirSync(join(folder, 'out'));
  const inTheWay = join(folder, 'out/storm');
  writeFileSync(inTheWay, 'not a folder');
  const running = await startProcess(t, folder);
  await until('it says what is in the way', () => Promise.resolve(running.log().includes(inTheWay)));
  await until('the other one is exported', () =>
    Promise.resolve(existsSync(join(folder, 'out/cert-manager/root/tls.key'))),
  );
  rmSync(inTheWay);
  await until('it is exported', () => Promise.resolve(existsSync(join(inTheWay, 'leaf-0000/tls.key'))));
  assert.equal(await running.end('SIGTERM'), 0, tailOf(running.log()));
  const told = running
    .log()
    .split('\n')
    .filter((line) => line.includes('is not exported'));
  assert.equal(told.length, 1, told.join('\n'));
  assert.match(told[0] ?? '', /Certificate storm\/leaf-0000 is not exported: .*move it away/);
});
