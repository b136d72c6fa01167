/**
 * Names that are not the same from everywhere: split DNS, a public address with no way back in, a record that leads astray;
 * and a wildcard, by DNS-01. The CA stands outside the cluster and is told what the self-check could not see for itself.
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, test, type TestContext } from 'node:test';

import { ingress, issuer } from './acme-manifests.ts';
import {
  allReady,
  challenges,
  nothingForbidden,
  nothingLeft,
  SHOP,
  type Challenge,
  type Check,
} from './acme-objects.ts';
import { stored } from './certificates.ts';
import { auditLog, OUTSIDE_ADDRESS, Watch } from './host.ts';
import { Internet, ZONE } from './internet.ts';
import { webBackend } from './manifests.ts';
import { apply, eventually, get, inNode, kubectl, NODE_ADDRESS, outside } from './node.ts';
import { install, NAMESPACE, restrictedNamespace, uninstall, type Pod } from './release.ts';
import { visit } from './tls-client.ts';

/** Translated to Traefik for who comes from outside; from inside the way ends in an ICMP error, and in silence. */
const [PUBLIC, SILENT] = ['203.0.113.10', '203.0.113.11'];
const NOBODY = '10.77.0.99';
let internet: Internet;
let intranet: Server;
let watch: Watch<Challenge>;
let begin: number;
const undo: (() => Promise<unknown>)[] = [];

/** Adds a rule, and takes it out in the end. */
async function iptables(table: string, ...rule: string[]): Promise<void> {
  const [chain = '', ...rest] = rule;
  await inNode(['iptables', '-t', table, '-I', chain, ...rest]);
  undo.push(() => inNode(['iptables', '-t', table, '-D', chain, ...rest]));
}

/** The router in front of the node: it leads in who comes from outside, and nobody else. */
async function addressTranslation(): Promise<void> {
  const { items } = await get<{ items: Pod[] }>('pods', '-n', 'traefik', '-l', 'app=traefik');
  const traefik = items[0]?.status.podIP ?? '';
  for (const address of [PUBLIC, SILENT])
    await iptables('nat', 'PREROUTING', '-i', 'eth0', '-d', address, '-j', 'DNAT', '--to', traefik);
  await iptables('mangle', 'PREROUTING', '-i', 'cni0', '-d', SILENT, '-j', 'DROP');
  await outside(['ip', 'route', 'replace', '203.0.113.0/24', 'via', NODE_ADDRESS]);
  undo.push(() => outside(['ip', 'route', 'del', '203.0.113.0/24']));
}

before(async () => {
  begin = await auditLog().mark();
  internet = await Internet.start();
  intranet = createServer((_request, answer) => answer.writeHead(404).end()).listen(80, OUTSIDE_ADDRESS);
  await addressTranslation();
  await restrictedNamespace();
  await install({ 'acme.http01.publicResolver': `${OUTSIDE_ADDRESS}:53` });
  await apply(issuer(internet));
  await apply(webBackend(SHOP));
  await kubectl('wait', '--for=condition=Ready', 'clusterissuer/internet', '--timeout=30s');
  watch = await Watch.of(`/apis/acme.cert-manager.io/v1/namespaces/${SHOP}/challenges`);
  await internet.point({
    inner: PUBLIC,
    elsewhere: NODE_ADDRESS,
    hairpin: PUBLIC,
    silent: SILENT,
    astray: NOBODY,
    wild: NODE_ADDRESS,
    'any.wild': NODE_ADDRESS,
  });
  const names = ['inner', 'elsewhere', 'hairpin', 'silent', 'astray'].map((name) => ingress(name));
  await apply(`${names.join('')}${ingress('wild', ['wild', '*.wild'])}`);
});
after(async () => {
  watch[Symbol.dispose]();
  await kubectl('delete', 'namespace', SHOP, '--ignore-not-found');
  await uninstall();
  await kubectl('delete', 'namespace', NAMESPACE, '--ignore-not-found');
  for (const step of undo.toReversed()) await step();
  intranet.close();
  await internet[Symbol.asyncDispose]();
});

/** What each view saw when the self-check of a name last looked. The Challenge itself is gone by now. */
function views(t: TestContext, name: string): Record<string, Check> {
  const last = watch.seen.findLast(
    ({ spec, status }) => spec.dnsName === name && status?.checks !== undefined,
  );
  for (const { view, answer } of last?.status?.checks ?? []) t.diagnostic(`${name}: ${view}: ${answer}`);
  return Object.fromEntries((last?.status?.checks ?? []).map((check) => [check.view, check]));
}

/** Issued and served: the CA outside took what the self-check said for good. */
async function served(label: string, host = label): Promise<void> {
  await allReady([label]);
  const root = await internet.pebble.root();
  const { leaf } = await stored(SHOP, label);
  const { value } = await eventually('Traefik serves it', 30, () => visit(`${host}.${ZONE}`, root));
  assert.equal(value.leaf.fingerprint256, leaf.fingerprint256);
}

test('a name that leads to the Ingress inside, and to a public address outside', async (t) => {
  // CoreDNS has 10.77.0.2 for it, among its hosts.
  await served('inner');
  const { name, public: open, route } = views(t, `inner.${ZONE}`);
  assert.deepEqual([name?.passed, open?.passed, route?.passed], [true, false, true]);
  assert.match(open?.answer ?? '', /203\.0\.113\.10/u);
});

test('a name that leads to another server inside, and to the Ingress outside', async (t) => {
  // CoreDNS has the address of a server that answers 404 for it.
  await served('elsewhere');
  const { name, public: open } = views(t, `elsewhere.${ZONE}`);
  assert.deepEqual([name?.passed, open?.passed, open?.trusted], [false, true, true]);
  assert.match(name?.answer ?? '', /10\.77\.0\.1\b.*404/u);
});

test('a public address that cannot be reached from inside: tried, explained, and not held against the name', async (t) => {
  await Promise.all([served('hairpin'), served('silent')]);
  for (const label of ['hairpin', 'silent']) {
    const { name, public: open, route } = views(t, `${label}.${ZONE}`);
    assert.deepEqual([name?.passed, open?.passed, route?.passed], [false, false, true]);
    assert.deepEqual([name?.trusted, route?.trusted], [false, true]);
    for (const view of [name, open])
      assert.match(view?.answer ?? '', /203\.0\.113\.1[01].*NAT without hairpin/u);
  }
});

test('a record that leads astray: waited for, with the reason, until it is mended', async (t) => {
  const { value } = await eventually('the Challenge says where the name leads', 60, async () => {
    const reason = (await challenges()).get('astray')?.status?.reason ?? '';
    return /leads elsewhere/u.test(reason) ? reason : undefined;
  });
  t.diagnostic(value);
  assert.match(value, /10\.77\.0\.99/u);
  assert.match(value, /point its DNS record there/u);
  await internet.point({ astray: NODE_ADDRESS });
  await served('astray');
  assert.equal(views(t, `astray.${ZONE}`)['name']?.passed, true);
});

test('a wildcard and its apex by DNS-01, with a TSIG key at a name server outside', async (t) => {
  await served('wild', 'any.wild');
  await served('wild');
  const { leaf } = await stored(SHOP, 'wild');
  assert.deepEqual(leaf.subjectAltName?.split(', ').toSorted(), [`DNS:*.wild.${ZONE}`, `DNS:wild.${ZONE}`]);
  const asked = watch.seen.filter(({ spec }) => spec.type === 'DNS-01');
  assert.equal(new Set(asked.map(({ metadata }) => metadata.uid)).size, 2);
  const checks = Object.values(views(t, `wild.${ZONE}`));
  assert.deepEqual(
    checks.map(({ view, passed }) => [view, passed]),
    [[`ns.${ZONE}:53`, true]],
  );
  await nothingLeft();
  assert.deepEqual(await internet.bind.dig(`_acme-challenge.wild.${ZONE}`, 'TXT'), []);
});

test('nothing was refused to the ServiceAccount of the chart', async (t) => {
  t.diagnostic(`${await nothingForbidden(begin)} requests`);
});
