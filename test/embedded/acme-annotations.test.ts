/** What people write on an Ingress, a Gateway or a ListenerSet reaches the solver of its Challenges (acme.md §6.2, §6.3). */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Challenge } from '../../src/api/challenge.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { gateways, ingresses, listenerSets } from '../../src/api/networking.ts';
import type { ResourceType } from '../../src/api/resources.ts';
import type { Solver } from '../../src/api/solver.ts';
import { ordersModule } from '../../src/controllers/order/module.ts';
import { shimModules } from '../../src/controllers/shim/modules.ts';
import { defaultShimOptions } from '../../src/controllers/shim/options.ts';
import { fieldsOfName } from '../../src/pki/x509/name.ts';
import { parseCertificates } from '../../src/pki/x509/parse-certificate.ts';
import { until } from '../cluster/until.ts';
import { AcmeWorld } from './acme-world.ts';
import {
  experimentalListenerSetDefinition,
  gatewayDefinition,
  listenerSetDefinition,
} from './shim/small-gateway-api.ts';
import { namespace } from './standalone-world.ts';

const acme = 'acme.cert-manager.io/http01-';
const host = 'www.example.test';
const asks = { 'cert-manager.io/cluster-issuer': 'acme', 'cert-manager.io/private-key-algorithm': 'ECDSA' };

async function start(t: TestContext, solver: Solver): Promise<AcmeWorld> {
  const it = await AcmeWorld.start(
    t,
    {},
    {
      modules: [
        ordersModule(),
        ...shimModules({ ...defaultShimOptions, gatewayApi: true, listenerSets: true }),
      ],
      crds: [gatewayDefinition, listenerSetDefinition, experimentalListenerSetDefinition],
    },
  );
  await it.issuer([solver]);
  return it;
}

async function put(it: AcmeWorld, type: ResourceType, object: object): Promise<void> {
  const whole = { apiVersion: `${type.group}/${type.version}`, kind: type.kind, ...object } as KubeObject;
  await it.world.user.apply(type, whole, { fieldManager: 'kubectl', force: true });
}

async function challenge(it: AcmeWorld): Promise<Challenge> {
  let found: Challenge[] = [];
  await until(
    () => `one Challenge; there are ${found.length}`,
    async () => (found = await it.challenges()).length === 1,
  );
  await it.world.settle();
  return found[0]!;
}

const ingress = (annotations: object): object => ({
  metadata: { name: 'web', namespace, annotations: { ...asks, ...annotations } },
  spec: {
    defaultBackend: { service: { name: 'web', port: { number: 80 } } },
    tls: [{ hosts: [host], secretName: 'web-tls' }],
  },
});

test('an Ingress that wants to be edited in place: the solver names it, and a temporary certificate is there meanwhile', async (t) => {
  const it = await start(t, { http01: { ingress: { ingressClassName: 'nginx', serviceType: 'ClusterIP' } } });
  await put(it, ingresses, ingress({ [`${acme}edit-in-place`]: 'true' }));
  const { spec } = await challenge(it);
  assert.deepEqual(spec.solver, { http01: { ingress: { name: 'web', serviceType: 'ClusterIP' } } });
  const issuedBy = async (): Promise<string | undefined> => {
    const secret = await it.world.secret('web-tls');
    const [leaf] = parseCertificates(Buffer.from(secret?.data?.['tls.crt'] ?? '', 'base64'));
    assert.deepEqual(leaf?.subjectAltNames.dnsNames, [host]);
    return fieldsOfName(leaf.issuer).commonName;
  };
  assert.equal(await issuedBy(), 'cert-manager.local');
  await it.prove(host);
  assert.equal(await issuedBy(), 'Fake Root');
});

for (const [annotation, field] of [
  ['ingress-class', 'class'],
  ['ingress-ingressclassname', 'ingressClassName'],
] as const)
  test(`an Ingress that names the class of its solvers: ${field}`, async (t) => {
    const it = await start(t, { http01: { ingress: { name: 'other', serviceType: 'NodePort' } } });
    await put(it, ingresses, ingress({ [acme + annotation]: 'traefik' }));
    const { spec } = await challenge(it);
    assert.deepEqual(spec.solver, { http01: { ingress: { serviceType: 'NodePort', [field]: 'traefik' } } });
  });

test('an Ingress that names two ways: the Order says so, and nothing is tried', async (t) => {
  const it = await start(t, { http01: { ingress: {} } });
  const one = { [`${acme}ingress-class`]: 'traefik' };
  await put(it, ingresses, ingress({ ...one, [`${acme}edit-in-place`]: 'true' }));
  await until('an Order that says why it waits', async () =>
    (await it.orders()).some(({ status }) => status?.reason !== undefined),
  );
  const { metadata, status } = await it.order();
  assert.match(status?.reason ?? '', /may not specify more than one of: name, class, ingressClassName/u);
  // Events follow the write that they tell of.
  await until('the event', async () =>
    (await it.world.told('Order', metadata?.name ?? '')).some((line) => line.startsWith('Solver: Failed to')),
  );
  assert.deepEqual(await it.challenges(), []);
});

const listeners = [
  {
    name: 'https',
    hostname: host,
    port: 443,
    protocol: 'HTTPS',
    tls: { mode: 'Terminate', certificateRefs: [{ group: '', kind: 'Secret', name: 'web-tls' }] },
  },
];
const gateway = (annotations: object, all: object[] = listeners): object => ({
  metadata: { name: 'edge', namespace, annotations },
  spec: { gatewayClassName: 'traefik', listeners: all },
});
const listenerSet = (annotations: object): object => ({
  metadata: { name: 'team', namespace, annotations: { ...asks, ...annotations } },
  spec: { parentRef: { name: 'edge', kind: 'Gateway', group: 'gateway.networking.k8s.io' }, listeners },
});
const plain = { name: 'http', port: 80, protocol: 'HTTP' };
const issuers = { name: 'shared', namespace: 'infra', kind: 'Gateway', group: 'gateway.networking.k8s.io' };
const byRoute: Solver = { http01: { gatewayHTTPRoute: { labels: { team: 'a' }, parentRefs: [issuers] } } };
const parentsOf = ({ spec }: Challenge) =>
  spec.solver.http01?.gatewayHTTPRoute?.parentRefs?.map(({ kind, namespace: of, name }) => [kind, of, name]);

test('a Gateway is a parent of the routes of its solvers, beside those of the issuer', async (t) => {
  const it = await start(t, byRoute);
  await put(it, gateways, gateway(asks));
  const found = await challenge(it);
  assert.deepEqual(parentsOf(found), [
    ['Gateway', 'infra', 'shared'],
    ['Gateway', namespace, 'edge'],
  ]);
  assert.deepEqual(found.spec.solver.http01?.gatewayHTTPRoute?.labels, { team: 'a' });
});

test('a ListenerSet is a parent itself', async (t) => {
  const it = await start(t, byRoute);
  await put(it, gateways, gateway({}, [plain]));
  await put(it, listenerSets, listenerSet({}));
  assert.deepEqual(parentsOf(await challenge(it)), [
    ['Gateway', 'infra', 'shared'],
    ['ListenerSet', namespace, 'team'],
  ]);
});

test('a ListenerSet that falls back to its Gateway has that as parent', async (t) => {
  const it = await start(t, byRoute);
  await put(it, gateways, gateway({}, [plain]));
  await put(it, listenerSets, listenerSet({ [`${acme}parentreffallback`]: 'true' }));
  assert.deepEqual(parentsOf(await challenge(it)), [
    ['Gateway', 'infra', 'shared'],
    ['Gateway', namespace, 'edge'],
  ]);
});
