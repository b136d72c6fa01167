/** kill -9 in the middle of writing: what was acknowledged is there, whole, and the numbers go on. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { asker, startServer, type Json } from './server-harness.ts';

const WRITER = `
import { createServer } from ${JSON.stringify(new URL('../../src/standalone/server.ts', import.meta.url).href)};
import { asker } from ${JSON.stringify(new URL('server-harness.ts', import.meta.url).href)};
const server = await createServer({ dataDir: process.argv[1] });
const ask = asker(server.dispatcher());
const base = '/api/v1/namespaces/default/configmaps';
const lane = async (lane) => {
  for (let i = 0; i < 5000; i++) {
    const name = 'm-' + process.argv[2] + '-' + lane + '-' + i;
    const text = name.repeat(50);
    const made = await ask('POST', base, { metadata: { name }, data: { a: text, b: text } });
    if (made.code !== 201) throw new Error(JSON.stringify(made.body));
    process.stdout.write(name + ' ' + made.body.metadata.resourceVersion + '\\n');
  }
};
await Promise.all([0, 1, 2, 3].map(lane));
`;

/** Runs a writer until it has acknowledged `count` writes, then kills it. */
async function crash(dataDir: string, round: number, count: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, '--', dataDir, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged = new Map<string, number>();
  let rest = '';
  for await (const chunk of child.stdout) {
    rest += String(chunk);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [name, rv] = line.split(' ');
      acknowledged.set(name!, Number(rv));
    }
    if (acknowledged.size >= count && !child.killed) child.kill('SIGKILL');
  }
  if (child.signalCode === null && child.exitCode === null) await once(child, 'exit');
  assert.equal(child.signalCode, 'SIGKILL');
  return acknowledged;
}

test('nothing acknowledged is lost and no object is half there', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'certwright-crash-'));
  try {
    const all = new Map<string, number>();
    for (const round of [1, 2])
      for (const [name, rv] of await crash(dataDir, round, 150 * round)) all.set(name, rv);
    assert.ok(all.size >= 450);
    assert.equal(statSync(join(dataDir, 'objects.db')).mode & 0o777, 0o600);
    const { server, close } = await startServer({ dataDir });
    const { body } = await asker(server.dispatcher())('GET', '/api/v1/namespaces/default/configmaps');
    const found = new Map((body['items'] as Json[]).map((item) => [item.metadata?.name ?? '', item]));
    for (const [name, rv] of all) {
      const item = found.get(name);
      assert.equal(item?.metadata?.resourceVersion, String(rv), name);
      const data = item['data'] as Record<string, string>;
      assert.deepEqual(data, { a: name.repeat(50), b: name.repeat(50) });
    }
    assert.equal(new Set(all.values()).size, all.size, 'no revision was given out twice');
    await close();
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
