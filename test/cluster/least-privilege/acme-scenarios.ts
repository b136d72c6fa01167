/** Everything that the ACME controllers and solvers do with a right. The CA takes every challenge for proven. */
import assert from 'node:assert/strict';
import type { Pebble } from '../../../tools/peers/acme/pebble.ts';
import { until } from '../until.ts';
import type { ScenarioWorld } from './world.ts';

const certManager = 'cert-manager.io/v1';
const gatewayApi = 'gateway.networking.k8s.io/v1';
const edge = { name: 'edge', namespace: 'shop' };
const at = (host: string): { dnsNames: string[] } => ({ dnsNames: [`${host}.example.test`] });
const waitInsteadOfSelfCheck = '0s';
/** Is not looked at: nobody routes here. */
const traefik = { ingressClassName: 'traefik' };

/** What could not be taken away in time by the controller that was here before. */
function debt(): object {
  const uid = 'bf4c8d8e-4a0d-4a3f-9f3c-1b8f4bd0d0d1';
  const spec = {
    url: 'https://ca.example.test/challenge',
    authorizationURL: 'https://ca.example.test/authorization',
    dnsName: 'owed.example.test',
    wildcard: false,
    type: 'HTTP-01',
    token: 'token',
    key: 'token.thumbprint',
    issuerRef: { name: 'ca', kind: 'ClusterIssuer', group: 'cert-manager.io' },
    solver: { http01: { ingress: traefik } },
  };
  const owed = { namespace: 'shop', name: 'owed', uid, spec, attempts: 0, problem: 'none' };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'certwright-cleanup-debts', namespace: 'cert-manager' },
    data: { [uid]: JSON.stringify({ ...owed, since: '2026-01-01T00:00:00Z' }) },
  };
}

/** Before the controller starts, so that it finds a debt at once. */
export async function prepare(world: ScenarioWorld): Promise<void> {
  await world.create(debt());
}

export async function issuer(world: ScenarioWorld, { directoryUrl, caBundle }: Pebble): Promise<void> {
  const solvers = [
    { waitInsteadOfSelfCheck, http01: { ingress: { ...traefik, responder: 'Pod' } } },
    { selector: at('resident'), waitInsteadOfSelfCheck, http01: { ingress: traefik } },
    {
      selector: { dnsNames: [...at('held').dnsNames, ...at('blocked').dnsNames] },
      http01: { ingress: traefik },
    },
    {
      selector: at('route'),
      http01: {
        gatewayHTTPRoute: { parentRefs: [edge, { ...edge, name: 'set', kind: 'ListenerSet' }] },
      },
    },
    {
      selector: at('tls'),
      waitInsteadOfSelfCheck,
      tlsALPN01: { gatewayTLSRoute: { parentRefs: [edge] } },
    },
  ];
  await world.create(
    {
      apiVersion: gatewayApi,
      kind: 'Gateway',
      metadata: { name: 'edge' },
      spec: { gatewayClassName: 'none', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    },
    {
      apiVersion: gatewayApi,
      kind: 'ListenerSet',
      metadata: { name: 'set' },
      spec: { parentRef: { name: 'edge' }, listeners: [{ name: 'more', port: 81, protocol: 'HTTP' }] },
    },
    {
      apiVersion: certManager,
      kind: 'ClusterIssuer',
      metadata: { name: 'ca' },
      spec: {
        acme: {
          server: directoryUrl,
          caBundle: Buffer.from(caBundle).toString('base64'),
          privateKeySecretRef: { name: 'account' },
          solvers,
        },
      },
    },
  );
  await world.becomes('clusterissuer/ca', '.status.conditions[?(@.type=="Ready")].status', 'True');
}

function certificate(name: string): object {
  return {
    apiVersion: certManager,
    kind: 'Certificate',
    metadata: { name },
    spec: {
      secretName: name,
      ...at(name),
      privateKey: { algorithm: 'ECDSA' },
      issuerRef: { kind: 'ClusterIssuer', name: 'ca' },
    },
  };
}

/** A Pod, the resident responder, an Ingress edited in place and a TLSRoute: each is made and taken away. */
export async function issued(world: ScenarioWorld): Promise<void> {
  const annotations = {
    'cert-manager.io/cluster-issuer': 'ca',
    'acme.cert-manager.io/http01-edit-in-place': 'true',
  };
  const backend = { service: { name: 'web', port: { number: 80 } } };
  const host = 'edited.example.test';
  await world.create(certificate('pod'), certificate('resident'), certificate('tls'), {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'edited', annotations },
    spec: {
      tls: [{ hosts: [host], secretName: 'edited' }],
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  });
  for (const name of ['pod', 'resident', 'tls', 'edited']) await world.ready(name);
  await world.gone('challenges.acme.cert-manager.io');
  await world.gone(
    'services,endpointslices,pods,tlsroutes,ingresses --selector=acme.cert-manager.io/http01-solver=true',
  );
}

/** What the self-check cannot see stays in place; what somebody changes of it is set right. */
export async function held(world: ScenarioWorld): Promise<void> {
  await world.create(certificate('held'), certificate('blocked'), certificate('route'));
  const route = 'httproutes --selector=acme.cert-manager.io/http01-solver=true';
  await world.becomes(route, '.items[*].spec.hostnames[0]', 'route.example.test');
  const [made] = await world.list('httproutes', '-n', 'shop');
  assert.ok(made);
  const patch = JSON.stringify({ spec: { hostnames: ['other.example.test'] } });
  await world.kubectl('patch', 'httproute', made.metadata.name, '-n', 'shop', '--type=merge', '-p', patch);
  await world.becomes(route, '.items[*].spec.hostnames[0]', 'route.example.test');
  const challenges = 'challenges.acme.cert-manager.io';
  await world.becomes(challenges, '.items[*].status.checks[?(@.view=="route")].passed', 'false false false');
}

interface Stored {
  apiVersion: string;
  kind: string;
  metadata: { name: string; uid: string };
  spec: object;
}

async function ofCertificate(world: ScenarioWorld, kind: string, name: string): Promise<Stored> {
  const all = await world.list<Stored>(`${kind}.acme.cert-manager.io`, '-n', 'shop');
  const found = all.find(({ metadata }) => metadata.name.startsWith(`${name}-`));
  assert.ok(found, `${kind} of ${name}`);
  return found;
}

/**
 * While no controller runs: an Order is given the certificate of somebody else, and a Challenge makes room for one of the same
 * name that belongs to nobody.
 * @returns UID of that Order
 */
export async function tampered(world: ScenarioWorld): Promise<string> {
  const { name: order, uid } = (await ofCertificate(world, 'orders', 'route')).metadata;
  const jsonPath = 'jsonpath={.data.tls\\.crt}';
  const certificate = await world.kubectl('get', 'secret', 'pod', '-n', 'shop', '-o', jsonPath);
  const status = JSON.stringify({ status: { state: 'valid', certificate } });
  const ofOrder = ['order', order, '-n', 'shop', '--subresource=status', '--type=merge'];
  await world.kubectl('patch', ...ofOrder, '-p', status);

  const { apiVersion, kind, metadata, spec } = await ofCertificate(world, 'challenges', 'blocked');
  const letGo = JSON.stringify({ metadata: { finalizers: null } });
  const ofChallenge = ['challenge', metadata.name, '-n', 'shop'];
  await world.kubectl('patch', ...ofChallenge, '--type=merge', '-p', letGo);
  await world.kubectl('delete', ...ofChallenge);
  await world.create({ apiVersion, kind, metadata: { name: metadata.name }, spec });
  return uid;
}

/** The wrong certificate costs its Order, and the Challenge of nobody is waited for. */
export async function tidied(world: ScenarioWorld, spoilt: string): Promise<void> {
  await until('the Order with a wrong certificate is still there', async () => {
    const orders = await world.list<Stored>('orders.acme.cert-manager.io', '-n', 'shop');
    return orders.every(({ metadata }) => metadata.uid !== spoilt);
  });
  const order = await ofCertificate(world, 'orders', 'blocked');
  const { metadata } = await ofCertificate(world, 'challenges', 'blocked');
  const reason = `Waiting: Challenge "${metadata.name}" exists and does not belong to this Order; remove it`;
  await world.becomes(`order ${order.metadata.name}`, '.status.reason', reason);
}

/** The process that took over answers at its own address. */
export async function takenOver(world: ScenarioWorld, address: string): Promise<void> {
  await until(`not everything leads to ${address}`, async () => {
    const ofSolvers = '--selector=acme.cert-manager.io/http01-solver=true';
    const slices = await world.list<{ endpoints: { addresses: string[] }[] }>(
      'endpointslices',
      '-n',
      'shop',
      ofSolvers,
    );
    const addresses = slices.flatMap(({ endpoints }) => endpoints.flatMap((one) => one.addresses));
    return addresses.length > 0 && addresses.every((one) => one === address);
  });
}

/** A Certificate that goes takes its Challenge along, and that what was made for it. */
export async function withdrawn(world: ScenarioWorld): Promise<void> {
  await world.kubectl('delete', 'certificate', 'route', '-n', 'shop');
  await world.gone('httproutes --selector=acme.cert-manager.io/http01-solver=true');
}
