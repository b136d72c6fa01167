import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { KubeObject } from '../api/meta.ts';
import { secrets } from '../api/resources.ts';
import { ServerError } from '../kube/errors.ts';
import { createFakeClock } from '../kube/testing/fake-clock.ts';
import { MemoryClient } from '../kube/testing/memory-client.ts';
import { generateKey } from '../pki/keys.ts';
import type { CertificateSource, ServingLog } from './certificate-source.ts';
import { dynamicCertificates } from './dynamic-certificates.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1);
const key = { namespace: 'ns', name: 'webhook-ca' };

interface Secret extends KubeObject {
  type?: string;
  data?: Record<string, string>;
}

/**
 * Key generation leaves the event loop: time moves on when every source rests. A tick is a key of our own, made by the same
 * threads: it takes as long as theirs, however busy the machine is.
 */
function world(count = 1) {
  const client = new MemoryClient();
  const lines: string[] = [];
  const log: ServingLog = { info: (line) => void lines.push(line), warn: (line) => void lines.push(line) };
  const clock = createFakeClock(start, async () => {
    for (let i = 0; i < 200 && clock.pendingTimers < count; i++)
      await generateKey({ algorithm: 'ECDSA', size: 384 });
  });
  const stop = new AbortController();
  const sources: CertificateSource[] = Array.from({ length: count }, () =>
    dynamicCertificates({
      client,
      ...key,
      dnsNames: ['webhook.ns.svc'],
      component: 'cert-manager-webhook',
      clock,
      log,
    }),
  );
  const runs = sources.map((source) => source.run(stop.signal));
  const read = (): Promise<Secret> => client.get<Secret>(secrets, key);
  const ca = async (): Promise<string> =>
    Buffer.from((await read()).data?.['tls.crt'] ?? '', 'base64').toString();
  const end = async (): Promise<void> => {
    stop.abort(new Error('over'));
    await Promise.all(runs);
  };
  const settled = (): Promise<void> => clock.advance(0);
  return { client, clock, lines, sources, read, ca, end, settled };
}

function signedBy(source: CertificateSource, ca: string): boolean {
  const { current } = source;
  return current !== undefined && new X509Certificate(current.cert).verify(new X509Certificate(ca).publicKey);
}

test('a CA is made, with the shape that the peer gives it', async () => {
  const { settled, read, sources, ca, end } = world();
  await settled();
  const secret = await read();
  assert.equal(secret.type, 'Opaque');
  assert.deepEqual(Object.keys(secret.data ?? {}).toSorted(), ['ca.crt', 'tls.crt', 'tls.key']);
  assert.equal(secret.metadata?.annotations?.['cert-manager.io/allow-direct-injection'], 'true');
  assert.equal(secret.metadata?.labels?.['app.kubernetes.io/managed-by'], 'cert-manager-webhook');
  assert.equal(new X509Certificate(await ca()).subject, 'CN=cert-manager-webhook-ca');
  assert.ok(signedBy(sources[0]!, await ca()));
  await end();
});

test('replicas that start at once agree on one CA', async () => {
  const { settled, clock, sources, ca, client, end } = world(4);
  await settled();
  await clock.advance(10_000);
  for (const source of sources) assert.ok(signedBy(source, await ca()));
  assert.equal(client.objects.size, 1);
  await end();
});

test('the leaf is renewed at two thirds of its life, the CA before its last third, with the same key', async () => {
  const { settled, clock, sources, ca, end } = world();
  await settled();
  const seen: string[] = [];
  sources[0]!.onChange(({ cert }) => void seen.push(cert));
  clock.jump(4 * day);
  await clock.advance(10_000);
  assert.equal(seen.length, 0);
  clock.jump(day);
  await clock.advance(10_000);
  assert.equal(seen.length, 1);
  const first = await ca();
  clock.jump(239 * day);
  await clock.advance(10_000);
  const second = await ca();
  assert.notEqual(second, first);
  assert.ok(signedBy(sources[0]!, second));
  assert.ok(signedBy(sources[0]!, first), 'whoever still trusts the CA before is served too');
  await end();
});

test('a CA that somebody broke or took away is made again, and what else is in the Secret stays', async () => {
  const { settled, clock, sources, ca, client, read, lines, end } = world();
  await settled();
  const secret = await read();
  await client.update(
    secrets,
    { ...secret, data: { ...secret.data, 'tls.crt': 'AAAA', other: 'BBBB' } },
    { fieldManager: 'test' },
  );
  await clock.advance(10_000);
  assert.ok(signedBy(sources[0]!, await ca()));
  assert.equal((await read()).data?.['other'], 'BBBB');
  client.objects.clear();
  await clock.advance(10_000);
  assert.ok(signedBy(sources[0]!, await ca()));
  assert.equal(lines.filter((line) => line.startsWith('made a CA')).length, 3);
  await end();
});

test('while the API is away the certificate in use is kept, and why is told once', async () => {
  const { settled, clock, sources, client, lines, end } = world();
  await settled();
  const before = sources[0]!.current;
  client.failure = new ServerError('away');
  await clock.advance(60_000);
  assert.equal(sources[0]!.current, before);
  assert.match(sources[0]!.problem ?? '', /Secret ns\/webhook-ca cannot be read or written: away/u);
  assert.equal(lines.filter((line) => line.includes('away')).length, 1);
  client.failure = undefined;
  await clock.advance(10_000);
  assert.equal(sources[0]!.problem, undefined);
  await end();
});
