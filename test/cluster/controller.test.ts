/** `certwright controller` on the real API server: the quickstart is issued, and a restart asks for nothing again. */
import assert from 'node:assert/strict';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { clusterKubeconfig, kubectl } from './kubectl.ts';
import { until } from './until.ts';

const root = join(import.meta.dirname, '../..');
const ISSUED = [
  ['cert-manager', 'root', 'root-ca'],
  ['shop', 'shop-ca', 'shop-ca'],
  ['shop', 'web', 'web-tls'],
  ['shop', 'api', 'api-tls'],
  ['shop', 'billing', 'billing-tls'],
  ['shop', 'alice', 'alice-client'],
] as const;
const KEYSTORES = ['keystore.jks', 'keystore.p12', 'truststore.jks', 'truststore.p12'];

test('the quickstart on a real API server, and a restart', async (t) => {
  await kubectl('apply', '--server-side', '--force-conflicts', '-f', join(root, 'deploy/crds'));
  await kubectl('wait', '--for=condition=Established', '--timeout=120s', '-f', join(root, 'deploy/crds'));
  for (const namespace of ['cert-manager', 'shop']) await ensureNamespace(namespace);
  const first = await controller(t);
  await kubectl('apply', '-f', join(root, 'examples/quickstart'));
  await allReady();

  for (const [namespace, name, secretName] of ISSUED) {
    const secret = JSON.parse(await kubectl('get', 'secret', '-n', namespace, secretName, '-o', 'json')) as {
      type: string;
      data: Record<string, string>;
    };
    assert.equal(secret.type, 'kubernetes.io/tls', name);
    assert.deepEqual(
      Object.keys(secret.data).toSorted(),
      ['ca.crt', ...(name === 'billing' ? KEYSTORES : []), 'tls.crt', 'tls.key'].toSorted(),
      name,
    );
    const part = (key: string): Buffer => Buffer.from(secret.data[key] ?? '', 'base64');
    const leaf = new X509Certificate(part('tls.crt'));
    assert.ok(leaf.checkPrivateKey(createPrivateKey(part('tls.key'))), name);
    assert.ok(new X509Certificate(part('ca.crt')).ca, name);
  }
  const before = await state();
  assert.equal(before.requests.length, ISSUED.length);
  assert.match(await kubectl('get', 'certificates', '-n', 'shop'), /^web +True +web-tls +/mu);
  assert.match(
    await kubectl('describe', 'certificate', '-n', 'shop', 'web'),
    /Normal +Issuing .*Events|Normal +Issuing/su,
  );
  await end(first);

  // A controller that looks at everything again writes nothing: a marker it must act on shows that it has looked.
  const second = await controller(t);
  await kubectl('delete', 'secret', '-n', 'shop', 'alice-client');
  await kubectl('wait', '--for=create', '--timeout=180s', '-n', 'shop', 'secret/alice-client');
  await kubectl(
    'wait',
    '--for=jsonpath={.status.revision}=2',
    '--timeout=180s',
    '-n',
    'shop',
    'certificate/alice',
  );
  const after = await state();
  assert.deepEqual(
    after.requests.filter((each) => !/alice/u.test(each)),
    before.requests.filter((each) => !/alice/u.test(each)),
  );
  assert.deepEqual(
    after.secrets.filter((each) => !/alice/u.test(each)),
    before.secrets.filter((each) => !/alice/u.test(each)),
  );
  await end(second);
});

/** Names with the resourceVersion, which any write would have moved. */
async function state(): Promise<{ requests: string[]; secrets: string[] }> {
  const list = async (resource: string): Promise<string[]> => {
    const lines = await kubectl(
      'get',
      resource,
      '-A',
      '-o',
      'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
    );
    return lines
      .trim()
      .split('\n')
      .filter((line) => /^(?:shop|cert-manager)\//u.test(line));
  };
  return { requests: await list('certificaterequests'), secrets: await list('secrets') };
}

/** Fails with what stands in the way: conditions, and what was told about the objects. */
async function allReady(): Promise<void> {
  const path = '{.items[*].status.conditions[?(@.type=="Ready")].status}';
  let told = '';
  await until(
    () => `every Certificate of the quickstart is Ready\n${told}`,
    async () => {
      const states = ['cert-manager', 'shop'].map((namespace) =>
        kubectl('get', 'certificates', '-n', namespace, '-o', `jsonpath=${path}`),
      );
      const ready = (await Promise.all(states)).join(' ').match(/True/gu) ?? [];
      if (ready.length === ISSUED.length) return true;
      told = await kubectl('get', 'certificates,certificaterequests,events', '-A', '-o', 'wide');
      return false;
    },
  );
}

async function ensureNamespace(name: string): Promise<void> {
  const manifest = await kubectl('create', 'namespace', name, '--dry-run=client', '-o', 'name');
  assert.equal(manifest.trim(), `namespace/${name}`);
  await kubectl('create', 'namespace', name).catch((error: unknown) => {
    if (!String(error).includes('AlreadyExists')) throw error;
  });
}

async function controller(t: TestContext): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [
      join(root, 'dist/certwright.js'),
      'controller',
      '--kubeconfig',
      clusterKubeconfig(),
      '--cluster-resource-namespace',
      'cert-manager',
      '--log-format',
      'text',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  t.after(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr?.setEncoding('utf8');
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (text: string) => {
      log += text;
      if (log.includes('caches are synced')) resolve();
    });
    child.once('close', (code) => reject(new Error(`ended with ${code} before it was ready:\n${log}`)));
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  assert.equal(child.exitCode, 0);
}
