/** kill -9 at ten seeded moments of a storm: nothing is lost, doubled or left lying about. Then a quiet restart. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import type { Certificate } from '../../src/api/certificate.ts';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { certificateRequests, certificates } from '../../src/api/resources.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { checkExport, checkHoldings, holdingsOf, keyOf, writeFleet, type Holdings } from './fleet.ts';
import { runOnce, scratchFolder, startProcess, tailOf } from './standalone-process.ts';

const leaves = 1000;
const kills = 10;
/** Of the environment, so that a failure can be run again; printed always. */
const seed = process.env['CERTWRIGHT_KILL_SEED'] ?? String(Date.now() % 1_000_000);

/** Uniform in [0, 1), the same for the same seed and index. */
function chance(index: string): number {
  return createHash('sha256').update(`${seed}/${index}`).digest().readUInt32BE() / 2 ** 32;
}

/** One moment in each tenth of the storm: after so many issued Certificates, and so many further changes of any object. */
function moments(): { issued: number; changes: number }[] {
  return Array.from({ length: kills }, (_, index) => ({
    issued: Math.floor(((index + chance(`${index}/issued`)) * leaves) / kills),
    changes: Math.floor(chance(`${index}/changes`) * 12),
  }));
}

/** Resolves as soon as the moment has come; watches, and so sees writes as they are committed. */
async function reached(client: KubeClient, issued: number, changes: number): Promise<number> {
  const stop = new AbortController();
  const done = new Set<string>();
  let left = changes;
  const look = async (events: AsyncIterable<{ type: string; object: KubeObject }>): Promise<void> => {
    try {
      for await (const { type, object } of events) {
        if (type === 'BOOKMARK') continue;
        if ((object as Certificate).status?.revision === 1) done.add(keyOf(object));
        if (done.size >= issued && left-- <= 0) stop.abort(new Error('the moment has come'));
        if (stop.signal.aborted) return;
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  };
  const options = { signal: stop.signal };
  await Promise.race([
    look(client.watch<Certificate>(certificates, options)),
    look(client.watch<CertificateRequest>(certificateRequests, options)),
  ]);
  assert.ok(stop.signal.aborted, 'the watches went on until the moment had come');
  return done.size;
}

async function holdings(t: TestContext, folder: string): Promise<Holdings> {
  const running = await startProcess(t, folder);
  const held = await holdingsOf(running.client);
  assert.equal(await running.end('SIGTERM'), 0, tailOf(running.log()));
  return held;
}

test(`kill -9 ten times in a storm of ${leaves}`, async (t) => {
  t.diagnostic(`CERTWRIGHT_KILL_SEED=${seed}`);
  const folder = scratchFolder(t);
  writeFleet(folder, leaves);
  const begun = performance.now();
  for (const { issued, changes } of moments()) {
    const running = await startProcess(t, folder);
    const done = await reached(running.client, issued, changes);
    await running.end('SIGKILL');
    t.diagnostic(`killed with ${done} issued (asked for ${issued} and ${changes} changes)`);
  }
  const last = await runOnce(t, folder);
  assert.equal(last.code, 0, tailOf(last.log));
  t.diagnostic(`all Ready ${((performance.now() - begun) / 1000).toFixed(1)} s after the first start`);
  const held = await holdings(t, folder);
  checkHoldings(held, leaves + 1);
  checkExport(folder, held);

  await t.test('a restart with all of them present changes no request and no Secret', async () => {
    const again = await runOnce(t, folder);
    assert.equal(again.code, 0, tailOf(again.log));
    const later = await holdings(t, folder);
    const versions = (objects: readonly KubeObject[]): string[] =>
      objects.map((object) => `${keyOf(object)} ${object.metadata?.uid} ${object.metadata?.resourceVersion}`);
    assert.deepEqual(versions(later.requests), versions(held.requests));
    assert.deepEqual(versions(later.secrets), versions(held.secrets));
    assert.deepEqual(versions(later.certificates), versions(held.certificates));
  });
});
