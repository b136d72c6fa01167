/** 500 Certificates at once while pods are killed, one replica and two: nothing lost, nothing doubled, within 128 MiB. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { certificates } from './certificates.ts';
import { kill, memory } from './cgroup.ts';
import { apply, eventually, get, kubectl } from './node.ts';
import { install, leader, NAMESPACE, pods, restrictedNamespace, uninstall, type Pod } from './release.ts';

const LIMIT = 128 * 1024 * 1024;
const SIZE = 500;

before(async () => {
  await restrictedNamespace();
  await install();
});
after(async () => {
  await uninstall();
  await kubectl(
    'delete',
    'namespace',
    NAMESPACE,
    'storm-one',
    'storm-two',
    'storm-three',
    '--ignore-not-found',
  );
});

/** An issuer that signs in process, and Certificates of it. */
async function storm(namespace: string, size: number): Promise<void> {
  const certificate = (name: string, more: string): string =>
    `---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: ${name}, namespace: ${namespace}}\n` +
    `spec: {secretName: ${name}, privateKey: {algorithm: ECDSA}, ${more}}\n`;
  const issuer = (name: string, spec: string): string =>
    `---\napiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: ${spec}\n`;
  await apply(`apiVersion: v1\nkind: Namespace\nmetadata: {name: ${namespace}}\n`);
  await apply(
    issuer('selfsigned', '{selfSigned: {}}') +
      certificate('root', 'isCA: true, commonName: storm, issuerRef: {name: selfsigned}') +
      issuer('ca', '{ca: {secretName: root}}') +
      Array.from({ length: size }, (_, index) =>
        certificate(`leaf-${index}`, `dnsNames: [leaf-${index}.example.test], issuerRef: {name: ca}`),
      ).join(''),
  );
}

/** Asks for the table only: 500 whole objects every two seconds would be half of what the API server does. */
async function readyCount(namespace: string): Promise<number> {
  const table = await kubectl('get', 'certificates', '-n', namespace, '--no-headers');
  return table.split('\n').filter((line) => /^\S+ +True /u.test(line)).length;
}

async function atLeast(namespace: string, count: number, pauseMs = 2000): Promise<number> {
  const what = `${count} Certificates of ${namespace} are Ready`;
  const probe = async (): Promise<true | undefined> =>
    (await readyCount(namespace)) >= count ? true : undefined;
  return (await eventually(what, 300, probe, pauseMs)).seconds;
}

/** Each was issued once: one revision, one request, one Secret. A request whose key died with its pod is gone again. */
async function nothingDoubled(namespace: string): Promise<void> {
  const issued = await certificates(namespace);
  assert.deepEqual(
    issued.filter(({ status }) => status?.revision !== 1).map(({ metadata }) => metadata.name),
    [],
  );
  const names = issued.map(({ metadata }) => metadata.name).toSorted();
  const labels = async (kind: string, key: string): Promise<string[]> => {
    const { items } = await get<{ items: { metadata: { annotations: Record<string, string> } }[] }>(
      kind,
      '-n',
      namespace,
    );
    return items.map(({ metadata }) => metadata.annotations[key] ?? '').toSorted();
  };
  const owner = 'cert-manager.io/certificate-name';
  assert.deepEqual(await labels('certificaterequests', owner), names, 'CertificateRequests');
  assert.deepEqual(await labels('secrets', owner), names, 'Secrets');
}

test(`${SIZE} Certificates fit into 128 MiB`, async (t) => {
  const [pod] = await pods();
  assert.ok(pod);
  const begin = performance.now();
  await storm('storm-one', SIZE);
  const applied = (performance.now() - begin) / 1000;
  const seconds = await atLeast('storm-one', SIZE + 1);
  const { peak, ended, limit } = await memory(pod);
  assert.equal(limit, LIMIT);
  t.diagnostic(`all Ready ${seconds.toFixed(1)} s after kubectl apply, which took ${applied.toFixed(1)} s`);
  t.diagnostic(`peak of the pod's memory: ${(peak / 1024 / 1024).toFixed(0)} MiB of 128`);
  assert.equal(ended, 0, 'the kernel ended a process');
  const [still] = await pods();
  assert.equal(still?.metadata.uid, pod.metadata.uid);
  assert.equal(still?.status.containerStatuses?.[0]?.restartCount, 0);
  await nothingDoubled('storm-one');
});

test('the only pod is killed in the middle of a storm: the next one finishes it', async (t) => {
  const [pod] = await pods();
  assert.ok(pod);
  const size = SIZE / 2;
  const applied = storm('storm-two', size);
  await atLeast('storm-two', 1, 100);
  await kill(pod);
  const left = size + 1 - (await readyCount('storm-two'));
  assert.ok(left > 0, 'the storm was over before the kill');
  await applied;
  const seconds = await atLeast('storm-two', size + 1);
  t.diagnostic(`${left} of ${size + 1} were not Ready; all were ${seconds.toFixed(1)} s after the kill`);
  await nothingDoubled('storm-two');
});

test('the leader of two replicas is killed in a storm: the other takes over within 20 s', async (t) => {
  await install({ replicaCount: '2' });
  const both = await pods();
  assert.equal(both.length, 2);
  const leading = await leader(both);
  const size = SIZE / 2;
  const applied = storm('storm-three', size);
  await atLeast('storm-three', 1, 100);
  const begin = performance.now();
  await kill(leading);
  const left = size + 1 - (await readyCount('storm-three'));
  assert.ok(left > 0, 'the storm was over before the kill');
  const after = async (): Promise<Pod[]> =>
    [...both, ...(await pods())].filter(({ metadata }) => metadata.uid !== leading.metadata.uid);
  await leader(after);
  const seconds = (performance.now() - begin) / 1000;
  t.diagnostic(`${left} of ${size + 1} were not Ready when the leader was killed`);
  t.diagnostic(`fail-over: ${seconds.toFixed(1)} s from the kill to the next leader`);
  assert.ok(seconds < 20, `${seconds}`);
  await applied;
  const rest = await atLeast('storm-three', size + 1);
  t.diagnostic(`all Ready ${rest.toFixed(1)} s after that`);
  await nothingDoubled('storm-three');
  await nothingDoubled('storm-one');
});
