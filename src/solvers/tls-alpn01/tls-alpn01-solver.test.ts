import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { Challenge } from '../../api/challenge.ts';
import type { TlsAlpn01Solver } from '../../api/solver-tls-alpn01.ts';
import { endpointSlices, services, type EndpointSlice, type Service } from '../../api/workloads.ts';
import { tlsRoutes, type TlsRoute } from '../../api/routes.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { MemoryClient } from '../../kube/testing/memory-client.ts';
import { SolverConfigurationError, SolverNotServedError } from '../errors.ts';
import { Responder } from '../responder/responder.ts';
import { defaultAcmeSettings, type PodIdentity } from '../settings.ts';
import type { SolverContext } from '../solver.ts';
import { routeObjectName } from './route-objects.ts';
import { createTlsAlpn01Solver } from './tls-alpn01-solver.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
/** An address of a name that cannot be reached from here. */
const far = '2001:db8::1';
const names = { http01: '--a', tlsAlpn01: '--b', webroot: '--c' };

function made(
  context: TestContext,
  options: { pod?: PodIdentity; inCluster?: boolean; addresses?: string[] } = {},
) {
  const clock = createFakeClock(Date.UTC(2026, 0, 1));
  const responder = new Responder({
    settings: { tlsAlpn01: { host: '127.0.0.1', port: 0 } },
    names,
    always: { http01: false, tlsAlpn01: true },
    clock,
    log,
  });
  context.after(() => responder.close());
  const client = new MemoryClient();
  return { clock, client, responder, start: async () => start() };

  async function start() {
    await responder.start();
    const port = responder.tlsAlpn01Address?.port ?? 0;
    return createTlsAlpn01Solver({
      client,
      clock,
      random: () => 0,
      log,
      environment: {},
      settings: { ...defaultAcmeSettings, inCluster: options.inCluster ?? false },
      responder,
      resolver: {
        query: async () => {
          throw new TypeError('nobody is asked');
        },
      },
      lookup: async () => options.addresses ?? ['127.0.0.1'],
      // No connection leads to where everybody is.
      dial: (to) => ({ address: to.address === far ? '255.255.255.255' : to.address, port }),
      ...(options.pod === undefined ? {} : { pod: options.pod }),
    });
  }
}

function contextOf(tlsALPN01: TlsAlpn01Solver, spec: Partial<Challenge['spec']> = {}): SolverContext {
  const challenge: Challenge = {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    metadata: { namespace: 'shop', name: 'web-1', uid: 'u-1' },
    spec: {
      url: 'https://ca.example/c/1',
      authorizationURL: 'https://ca.example/a/1',
      dnsName: 'shop.example.com',
      type: 'TLS-ALPN-01',
      token: 'token',
      key: 'token.thumbprint',
      solver: { tlsALPN01 },
      issuerRef: { name: 'ca' },
      ...spec,
    },
  };
  return { challenge, resourceNamespace: 'shop', ambient: false };
}

suite('TLS-ALPN-01 by the listener of this process', () => {
  test('asks no metadata server, whatever the name leads to', async (context) => {
    const solver = await made(context, { addresses: ['203.0.113.5', '::ffff:a9fe:a9fe'] }).start();
    const { passed, views } = await solver.check(contextOf({ listener: {} }));
    assert.equal(passed, false);
    assert.match(views.find(({ view }) => view === 'name')?.answer ?? '', /is never asked/);
  });

  test('presents, is seen, presents again without change, and leaves nothing', async (context) => {
    const { start, responder } = made(context);
    const solver = await start();
    const asked = contextOf({ listener: {} });
    await solver.present(asked);
    const shown = responder.answers.tlsAlpn01('shop.example.com');
    await solver.present(asked);
    assert.equal(responder.answers.tlsAlpn01('shop.example.com'), shown);
    const { passed, views, problem } = await solver.check(asked);
    assert.deepEqual({ passed, problem }, { passed: true, problem: '' }, JSON.stringify(views));
    assert.deepEqual(
      views.map(({ view, trusted }) => [view, trusted]),
      [
        ['direct', false],
        ['name', true],
      ],
    );
    await solver.cleanUp(asked);
    await solver.cleanUp(asked);
    assert.equal(responder.answers.size, 0);
    assert.equal((await solver.check(asked)).passed, false);
  });

  test('takes the digest as key, too', async (context) => {
    const { start } = made(context);
    const solver = await start();
    const digest = 'NbDdEYhXgxw0rEBrMXP0SBC4Tm0d2zb4M0wDw2yQ8Uo';
    const asked = contextOf({ listener: {} }, { key: digest, dnsName: '127.0.0.1' });
    await solver.present(asked);
    assert.equal((await solver.check(asked)).passed, true);
    await assert.rejects(
      solver.present(contextOf({ listener: {} }, { key: 'short', dnsName: 'b.example' })),
      {
        name: 'SolverConfigurationError',
      },
    );
  });

  test('says where the name leads to when that is not here', async (context) => {
    const { start } = made(context, { addresses: ['127.0.0.1', '127.0.0.93'] });
    const solver = await start();
    const asked = contextOf({ listener: {} });
    await solver.present(asked);
    const { passed, problem, views } = await solver.check(asked);
    assert.equal(passed, false);
    assert.match(
      problem,
      /not where shop\.example\.com leads to: 127\.0\.0\.93:443: .*waitInsteadOfSelfCheck/,
    );
    assert.equal(views[0]?.passed, true);
  });

  test('leaves an address that this machine has no way to to the others', async (context) => {
    const { start } = made(context, { addresses: [far, '127.0.0.1'] });
    const solver = await start();
    const asked = contextOf({ listener: {} });
    await solver.present(asked);
    const { passed, views } = await solver.check(asked);
    assert.equal(passed, true, JSON.stringify(views));
    assert.match(views[1]?.answer ?? '', /127\.0\.0\.1:443 shows the certificate/u);
  });

  test('refuses what cannot work: wildcards, no section, a Gateway without a cluster', async (context) => {
    const { start } = made(context);
    const solver = await start();
    await assert.rejects(
      solver.present(contextOf({ listener: {} }, { wildcard: true })),
      SolverConfigurationError,
    );
    await assert.rejects(solver.present(contextOf({})), SolverConfigurationError);
    await assert.rejects(solver.present(contextOf({ gatewayTLSRoute: {} })), SolverNotServedError);
  });
});

suite('TLS-ALPN-01 through a Gateway', () => {
  const pod = { name: 'certwright-0', namespace: 'cert-manager', ips: ['10.0.0.9', 'fd00::9'] };
  const asked = contextOf({
    gatewayTLSRoute: { labels: { team: 'web' }, parentRefs: [{ name: 'edge', sectionName: 'passthrough' }] },
  });

  test('leads a Service to this Pod and the name to the Service, and takes all of it away', async (context) => {
    const { start, client, responder } = made(context, { pod, inCluster: true });
    const solver = await start();
    await solver.present(asked);
    await solver.present(asked);
    const name = routeObjectName(asked.challenge);
    assert.match(name, /^cm-acme-tls-solver-[0-9a-f]{16}$/);
    const key = { namespace: 'shop', name };
    const route = await client.get<TlsRoute>(tlsRoutes, key);
    assert.deepEqual(route.spec, {
      parentRefs: [{ name: 'edge', sectionName: 'passthrough' }],
      hostnames: ['shop.example.com'],
      rules: [{ backendRefs: [{ name, port: 443 }] }],
    });
    assert.deepEqual(route.metadata?.labels, { team: 'web', 'certwright.dev/tls-alpn01-solver': 'true' });
    const service = await client.get<Service>(services, key);
    assert.equal(service.spec?.selector, undefined);
    assert.equal(service.spec?.ports?.[0]?.targetPort, responder.tlsAlpn01Address?.port);
    assert.equal(service.metadata?.ownerReferences?.[0]?.uid, 'u-1');
    const slices = await Promise.all(
      ['ipv4', 'ipv6'].map((family) =>
        client.get<EndpointSlice>(endpointSlices, { ...key, name: `${name}-${family}` }),
      ),
    );
    assert.equal(client.objects.size, 4);
    assert.deepEqual(
      slices.map(({ addressType, endpoints, metadata }) => [
        addressType,
        endpoints?.[0]?.addresses,
        metadata?.labels?.['kubernetes.io/service-name'],
      ]),
      [
        ['IPv4', ['10.0.0.9'], name],
        ['IPv6', ['fd00::9'], name],
      ],
    );
    await solver.cleanUp(asked);
    await solver.cleanUp(asked);
    assert.equal(client.objects.size, 0);
  });

  test('says what is missing when this process does not know its Pod', async (context) => {
    const { start } = made(context, { inCluster: true });
    await assert.rejects((await start()).present(asked), /POD_IP/);
  });
});
