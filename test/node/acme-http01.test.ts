/**
 * HTTP-01 with everything real but the Internet: a CA outside the cluster asks through Traefik, by an Ingress and by a
 * Gateway, solver Pods and the resident solver. The steps are one story: names get their addresses late, so that
 * Challenges can be looked at, and lose their controller, while they wait.
 */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';

import { gateway, ingress, issuer } from './acme-manifests.ts';
import {
  allReady,
  challenges,
  nothingForbidden,
  nothingLeft,
  orders,
  residentAddresses,
  SHOP,
  solverPods,
  type Challenge,
} from './acme-objects.ts';
import { kill, memory } from './cgroup.ts';
import { stored } from './certificates.ts';
import { auditLog } from './host.ts';
import { Internet, ZONE } from './internet.ts';
import { webBackend } from './manifests.ts';
import { apply, eventually, get, kubectl, NODE_ADDRESS } from './node.ts';
import { install, leader, NAMESPACE, pods, restrictedNamespace, uninstall } from './release.ts';
import { visit } from './tls-client.ts';

const PODS = ['gateway-pod', 'pod'];
const RESIDENT = ['edited', 'gateway', 'resident'];
const NAMES = [...PODS, ...RESIDENT].toSorted();
let internet: Internet;
let begin: number;
let failed: string | undefined;
let ordered: readonly string[];

before(async () => {
  begin = await auditLog().mark();
  internet = await Internet.start();
  await restrictedNamespace();
  await install();
});
after(async () => {
  await kubectl('delete', 'namespace', SHOP, '--ignore-not-found');
  await uninstall();
  await kubectl('delete', 'namespace', NAMESPACE, '--ignore-not-found');
  await internet[Symbol.asyncDispose]();
});

/** Those after one that failed could only fail too. */
function step(name: string, play: (t: TestContext) => Promise<void>): void {
  test(name, async (t) => {
    assert.equal(failed, undefined, 'a step before this one failed');
    failed = name;
    await play(t);
    failed = undefined;
  });
}

/** All names wait for the same: that there is an address. */
async function waiting(): Promise<Map<string, Challenge>> {
  const { value } = await eventually('every Challenge waits for its name', 60, async () => {
    const found = await challenges();
    const held = [...found.values()].filter(({ status }) =>
      ['direct', 'route'].every((view) =>
        status?.checks?.some((check) => check.view === view && check.passed),
      ),
    );
    if (held.length < NAMES.length) throw new Error(JSON.stringify([...found.values()], undefined, 1));
    return found;
  });
  return value;
}

step('an annotation brings a Challenge each, and a Pod only where the solver says so', async (t) => {
  await apply(issuer(internet));
  await apply(webBackend(SHOP));
  await kubectl('wait', '--for=condition=Ready', 'clusterissuer/internet', '--timeout=30s');
  const edited = { 'acme.cert-manager.io/http01-edit-in-place': 'true' };
  await apply(
    [ingress('pod'), ingress('resident'), ingress('edited', ['edited'], edited)].join('') +
      `---\n${gateway(['gateway-pod', 'gateway'])}`,
  );
  const held = await waiting();
  assert.deepEqual([...held.keys()].toSorted(), NAMES);
  for (const [name, { spec, status }] of held) {
    assert.equal(spec.type, 'HTTP-01');
    assert.match(status?.reason ?? '', new RegExp(`${name}\\.${ZONE.replace('.', '\\.')}`, 'u'));
    assert.match(status?.reason ?? '', /Create its A or AAAA record/u);
    t.diagnostic(
      `${name}: ${(status?.checks ?? []).map(({ view, answer }) => `${view}: ${answer}`).join(' | ')}`,
    );
  }
  const solvers = await solverPods();
  assert.deepEqual([...solvers.keys()].toSorted(), PODS);
  const [controller] = await pods();
  assert.deepEqual(await residentAddresses(), Array(3).fill(controller?.status.podIP));
  for (const [name, pod] of solvers) {
    assert.equal(pod.spec.containers[0]?.image, controller?.spec.containers[0]?.image);
    assert.equal(pod.status.containerStatuses?.[0]?.restartCount, 0);
    const { limit, peak, rss, ended } = await memory(pod);
    const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
    t.diagnostic(`${name}: ${mib(rss)} MiB of memory, peak with files ${mib(peak)} MiB`);
    assert.equal(limit, 64 * 1024 * 1024);
    assert.equal(ended, 0, 'the kernel ended a process');
  }
});

step('kubectl describe tells what is waited for', async () => {
  const describe = async (kind: string, name: string): Promise<string> =>
    (await kubectl('describe', kind, name, '-n', SHOP)).replaceAll(/ {2,}/gu, ' ');
  for (const { metadata } of (await challenges()).values()) {
    const challenge = await describe('challenge', metadata.name);
    assert.match(challenge, /Reason: .*knows no address of/u);
    assert.match(challenge, /Normal Presented .*Presented challenge using HTTP-01 challenge mechanism/u);
    const order = await describe('order', metadata.name.replace(/-\d+$/u, ''));
    assert.match(order.slice(order.indexOf('Events:')), /Normal Created .*Created Challenge resource/u);
  }
});

step('the controller is killed: the next one goes on with the same Orders', async (t) => {
  ordered = await orders();
  assert.equal(ordered.length, NAMES.length);
  const [first] = await pods();
  assert.ok(first);
  const killed = performance.now();
  await kill(first);
  const next = await leader(async () =>
    (await pods()).filter(({ metadata }) => metadata.uid !== first.metadata.uid),
  );
  assert.notEqual(next.status.podIP, first.status.podIP);
  await eventually('the new Pod answers for names without a Pod', 30, async () => {
    const addresses = await residentAddresses();
    return addresses.every((address) => address === next.status.podIP) ? true : undefined;
  });
  t.diagnostic(
    `answered by the next controller ${((performance.now() - killed) / 1000).toFixed(1)} s after the kill`,
  );
  assert.deepEqual(await orders(), ordered);
  for (const pod of (await solverPods()).values())
    assert.equal(pod.status.containerStatuses?.[0]?.restartCount, 0);
});

step(
  'the names get their addresses: each certificate is issued, and served to a client outside',
  async (t) => {
    await internet.point(Object.fromEntries(NAMES.map((name) => [name, NODE_ADDRESS])));
    t.diagnostic(`all Ready ${(await allReady(NAMES)).toFixed(1)} s after the records were there`);
    const root = await internet.pebble.root();
    for (const name of NAMES) {
      const { leaf } = await stored(SHOP, name);
      assert.equal(leaf.subjectAltName, `DNS:${name}.${ZONE}`);
      const { value } = await eventually('Traefik serves it', 30, () => visit(`${name}.${ZONE}`, root));
      assert.equal(value.leaf.fingerprint256, leaf.fingerprint256);
      assert.match(value.body, new RegExp(`host=${name}\\.`, 'u'));
    }
    assert.deepEqual(await orders(), ordered);
    assert.equal(internet.orders, NAMES.length);
  },
);

step('nothing is left of what proved the names', async () => {
  await nothingLeft();
  type Rules = { spec: { rules: { http: { paths: { path: string }[] } }[] } };
  const { spec } = await get<Rules>('ingress', 'edited', '-n', SHOP);
  assert.deepEqual(
    spec.rules.map(({ http }) => http.paths.map(({ path }) => path)),
    [['/']],
  );
});

step('nothing was refused to the ServiceAccount of the chart', async (t) => {
  t.diagnostic(`${await nothingForbidden(begin)} requests`);
});
