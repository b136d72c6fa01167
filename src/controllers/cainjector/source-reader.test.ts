import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../api/core.ts';
import { secrets } from '../../api/resources.ts';
import type { Cache } from '../../kube/cache.ts';
import { ServerError } from '../../kube/errors.ts';
import { MemoryClient } from '../../kube/testing/memory-client.ts';
import { SourceReader, trimSecretMark, type CertificateMark, type SecretMark } from './source-reader.ts';

const allow = { 'cert-manager.io/allow-direct-injection': 'true' };
const at = { namespace: 'shop', name: 'ca' };
const direct = { kind: 'secret', ...at } as const;
const behind = { kind: 'certificate', namespace: 'shop', name: 'web' } as const;

/** A cache that shows what the watch has shown, which need not be what the API server has. */
function cacheOf<T>(entries: ReadonlyMap<string, T>): Cache<T> {
  return {
    get: (key) => entries.get(key),
    values: () => entries.values(),
    byIndex: () => [],
    size: entries.size,
    synced: true,
  };
}

function world() {
  const client = new MemoryClient();
  let fetched = 0;
  const get = client.get.bind(client);
  client.get = (...asked) => {
    fetched++;
    return get(...asked) as never;
  };
  const marks = new Map<string, SecretMark>();
  const owners = new Map<string, CertificateMark>();
  const options = { ignoreNamespaces: ['hidden'], certificates: true };
  const reader = new SourceReader({
    client,
    options,
    secrets: cacheOf(marks),
    certificates: cacheOf(owners),
    serverCa: () => Promise.resolve(undefined),
  });
  /** Writes the Secret; the watch shows it where `seen` is left out. */
  const put = async (annotations: Record<string, string>, ca: string, seen = true): Promise<void> => {
    const data = { 'ca.crt': Buffer.from(ca).toString('base64') };
    const old = client.objects.size === 0 ? undefined : await get<Secret>(secrets, at);
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...old?.metadata, ...at, annotations },
      data,
    } as Secret;
    const how = { fieldManager: 'test' };
    const written = await (old === undefined
      ? client.create(secrets, secret, how)
      : client.update(secrets, secret, how));
    if (seen) marks.set('shop/ca', trimSecretMark(written));
  };
  return { client, marks, owners, reader, put, fetched: () => fetched };
}

function why(read: Awaited<ReturnType<SourceReader['read']>>): string {
  assert.ok('why' in read, 'it was read');
  return read.why;
}

function pem(read: Awaited<ReturnType<SourceReader['read']>>): string {
  assert.ok('pem' in read, JSON.stringify(read));
  return read.pem.toString();
}

test('what nobody allowed is not even fetched', async () => {
  const { reader, put, owners, fetched } = world();
  await put({ 'cert-manager.io/certificate-name': 'other' }, 'CA');
  owners.set('shop/web', { namespace: 'shop', name: 'web', secretName: 'ca' });
  assert.match(
    why(await reader.read(direct)),
    /Secret shop\/ca does not allow it: annotation .*allow-direct-inj/u,
  );
  assert.match(why(await reader.read(behind)), /belongs to Certificate "other".*not to "web"/u);
  assert.equal(fetched(), 0);
});

test('a permission that was taken back after the watch has shown it no longer counts', async () => {
  const { reader, put, owners } = world();
  await put({ ...allow, 'cert-manager.io/certificate-name': 'web' }, 'CA');
  owners.set('shop/web', { namespace: 'shop', name: 'web', secretName: 'ca' });
  await put({}, 'another CA', false);
  assert.match(why(await reader.read(direct)), /does not allow it/u);
  assert.match(why(await reader.read(behind)), /belongs to no Certificate/u);
});

test('one version is fetched once, the next one again, and a failure is forgotten', async () => {
  const { client, reader, put, fetched } = world();
  await put(allow, 'one');
  const [first, second] = await Promise.all([reader.read(direct), reader.read(direct)]);
  assert.deepEqual([pem(first), pem(second), pem(await reader.read(direct))], ['one', 'one', 'one']);
  assert.equal(fetched(), 1);
  await put(allow, 'two');
  client.failure = new ServerError('away');
  await assert.rejects(reader.read(direct), ServerError);
  client.failure = undefined;
  assert.equal(pem(await reader.read(direct)), 'two');
});

test('a Secret that went after the watch has shown it is missing, not an error', async () => {
  const { client, reader, put } = world();
  await put(allow, 'one');
  client.objects.clear();
  assert.match(why(await reader.read(direct)), /not found; the CA is injected when it appears/u);
});

test('namespaces on the deny list are not looked at, and a bundle beyond all measure is refused', async () => {
  const { reader, put, fetched } = world();
  assert.match(why(await reader.read({ ...direct, namespace: 'hidden' })), /namespace hidden is not served/u);
  assert.equal(fetched(), 0);
  await put(allow, 'x'.repeat(2 * 1024 * 1024));
  assert.match(why(await reader.read(direct)), /ca\.crt of Secret shop\/ca is longer than/u);
});
