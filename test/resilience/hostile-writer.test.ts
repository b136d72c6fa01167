/** A storm beside a writer that destroys one Secret ten times a second: the storm is as fast as without it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from '../../src/api/certificate.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { certificates, secrets } from '../../src/api/resources.ts';
import { processUsage } from '../../bench/harness/proc.ts';
import { writeFleet } from './fleet.ts';
import { scratchFolder, startProcess, type StandaloneProcess } from './standalone-process.ts';

const size = 200;
const namespace = 'storm';

function leaf(name: string): Certificate {
  const spec: Certificate['spec'] = {
    secretName: name,
    dnsNames: [`${name}.example.test`],
    privateKey: { algorithm: 'ECDSA', size: 256 },
    issuerRef: { name: 'ca', kind: 'ClusterIssuer' },
  };
  return { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { name, namespace }, spec };
}

interface Cost {
  wallMs: number;
  /** Processor time of the server, milliseconds: what the machine does besides does not change it. */
  cpuMs: number;
}

/** Creates `size` Certificates, eight at a time, and waits until all are issued. */
async function storm({ client, child }: StandaloneProcess, prefix: string): Promise<Cost> {
  const { metadata } = await client.list<KubeObject>(certificates, { limit: 1 });
  const begun = performance.now();
  const before = await processUsage(child.pid!);
  const names = Array.from({ length: size }, (_, index) => `${prefix}-${index}`);
  const open = new Set(names);
  const left = names.values();
  const creators = Array.from({ length: 8 }, async () => {
    for (const name of left)
      await client.create<Certificate>(certificates, leaf(name), { fieldManager: 'test' });
  });
  const stop = new AbortController();
  const watch = { resourceVersion: metadata?.resourceVersion, signal: stop.signal };
  for await (const { object } of client.watch<Certificate>(certificates, watch)) {
    if (object.status?.revision === 1) open.delete(object.metadata?.name ?? '');
    if (open.size === 0) break;
  }
  stop.abort();
  await Promise.all(creators);
  const { cpuSeconds } = await processUsage(child.pid!);
  return { wallMs: performance.now() - begun, cpuMs: (cpuSeconds - before.cpuSeconds) * 1000 };
}

function better(a: Cost, b: Cost): Cost {
  return { wallMs: Math.min(a.wallMs, b.wallMs), cpuMs: Math.min(a.cpuMs, b.cpuMs) };
}

test('others are not slowed by a writer that destroys one Secret ten times a second', async (t) => {
  const folder = scratchFolder(t);
  writeFleet(folder, 1);
  const running = await startProcess(t, folder);
  const { client } = running;
  const victim = { namespace, name: 'leaf-0000' };
  const issued = async (): Promise<boolean> => {
    const found = await client.list<Certificate>(certificates, { namespace });
    return found.items.some(({ status }) => status?.revision === 1);
  };
  while (!(await issued())) await new Promise((resolve) => setTimeout(resolve, 20));

  await storm(running, 'warm');
  // By turns, and the best of each: the server grows warmer as it runs.
  let alone: Cost = { wallMs: Infinity, cpuMs: Infinity };
  let attacked = alone;
  let attacks = 0;
  for (const round of [1, 2, 3]) {
    alone = better(alone, await storm(running, `alone-${round}`));
    const pending: Promise<unknown>[] = [];
    const vandal = setInterval(() => {
      const data = { 'tls.crt': Buffer.from(`nonsense ${attacks++}`).toString('base64') };
      pending.push(client.patch(secrets, victim, 'merge', { data }, { fieldManager: 'vandal' }));
    }, 100);
    try {
      attacked = better(attacked, await storm(running, `attacked-${round}`));
    } finally {
      clearInterval(vandal);
    }
    await Promise.all(pending);
  }
  const shown = ({ wallMs, cpuMs }: Cost): string =>
    `${wallMs.toFixed(0)} ms (${cpuMs.toFixed(0)} ms of processor)`;
  t.diagnostic(
    `${size} in ${shown(alone)} alone, in ${shown(attacked)} beside a writer; ${attacks} attacks in all`,
  );
  assert.ok(attacked.cpuMs < 1.5 * alone.cpuMs, `${shown(attacked)} instead of ${shown(alone)}`);
  const { status } = await client.get<Certificate>(certificates, victim);
  assert.ok((status?.revision ?? 0) <= 7, `${status?.revision} issues of the victim`);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  assert.match(ready?.message ?? '', /field manager "vandal".*Stop that writer/);
  assert.equal(await running.end('SIGTERM'), 0, running.log());
});
