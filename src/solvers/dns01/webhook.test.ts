import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TxtRecord } from '../../dns/provider.ts';
import { systemClock } from '../../kube/clock.ts';
import { connect } from '../../kube/connect.ts';
import { createTransport, type Transport } from '../../kube/transport.ts';
import { createAuthority, issueLeaf } from '../../serving/authority.ts';
import { SolverConfigurationError, SolverError } from '../errors.ts';
import { startExtensionServer, type ExtensionServer } from './testing/extension-server.ts';
import { webhookProvider } from './webhook.ts';

const authority = await createAuthority('webhook', Date.now());
const leaf = await issueLeaf(authority, {
  dnsNames: ['solver.example'],
  duration: 3_600_000,
  now: Date.now(),
});
const group = 'acme.example.com';
const solver = 'my-solver';
const record: TxtRecord = {
  fqdn: '_acme-challenge.example.com.',
  zone: 'example.com.',
  value: 'digest-of-the-key',
  domain: 'example.com',
};
const grants = { resourceNamespace: 'system', ambient: true };

async function withServer(
  run: (server: ExtensionServer, transport: Transport) => Promise<void>,
): Promise<void> {
  await using server = await startExtensionServer({ group, solver, certificate: leaf.cert, key: leaf.key });
  const tls = { ca: authority.cert, serverName: 'solver.example' };
  const connection = await connect(
    { server: server.url, tls: () => Promise.resolve(tls) },
    { clock: systemClock, random: Math.random },
  );
  try {
    await run(server, createTransport(connection, 'cert-manager-challenges'));
  } finally {
    await connection.close();
  }
}
const config = { zoneId: 'Z1', nested: { list: [1, 'two', null] } };

const fails =
  (code: string, why: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof SolverError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, why);
    assert.doesNotMatch(error.message, /digest-of-the-key/u);
    return true;
  };

suite('a webhook solver', () => {
  test('is told to present and to clean up, in the words of cert-manager’s client', () =>
    withServer(async (server, transport) => {
      const provider = webhookProvider(transport, { groupName: group, solverName: solver, config }, grants);
      await provider.present(record);
      assert.deepEqual([...server.records], ['_acme-challenge.example.com. digest-of-the-key']);
      await provider.cleanUp(record);
      assert.deepEqual([...server.records], []);
      const [sent] = server.seen;
      assert.deepEqual([sent?.method, sent?.path], ['POST', `/apis/${group}/v1alpha1/${solver}`]);
      assert.match(sent?.headers['content-type'] ?? '', /^application\/json/u);
      // Exactly: no apiVersion, no kind, an empty uid that is there, and the settings as they are in the issuer.
      assert.deepEqual(JSON.parse(sent?.body ?? ''), {
        request: {
          uid: '',
          action: 'Present',
          type: 'dns-01',
          dnsName: 'example.com',
          key: 'digest-of-the-key',
          resourceNamespace: 'system',
          resolvedFQDN: '_acme-challenge.example.com.',
          resolvedZone: 'example.com.',
          allowAmbientCredentials: true,
          config,
        },
      });
      const second = JSON.parse(server.seen[1]?.body ?? '') as { request: { action: string } };
      assert.equal(second.request.action, 'CleanUp');
    }));

  test('that has failed says so in 201, and what it says is fit for a status', () =>
    withServer(async (server, transport) => {
      const provider = webhookProvider(transport, { groupName: group, solverName: solver }, grants);
      server.options.fails = () =>
        'zone not found for digest-of-the-key, request id: 8f14e45f-ceea-467f-9575-7a1b2c3d4e5f';
      await assert.rejects(
        provider.present(record),
        fails(
          'solver/unavailable',
          /my-solver in group acme\.example\.com has failed: zone not found for \[credential\]$/u,
        ),
      );
      assert.ok(!('config' in (JSON.parse(server.seen[0]?.body ?? '') as { request: object }).request));
    }));

  test('whose answers are odd is understood as far as it says something', () =>
    withServer(async (server, transport) => {
      const provider = webhookProvider(transport, { groupName: group, solverName: solver }, grants);
      const answers = async (status: number, body: string): Promise<void> => {
        server.options.answer = { status, body };
        await provider.present(record);
      };
      await answers(200, '{"response":{"success":true}}');
      await answers(201, '{"kind":"Other","response":{"uid":7,"success":true,"status":null},"more":[]}');
      for (const body of ['', 'null', '[]', '{}', '{"response":null}', '<html>', '{"response":"yes"}'])
        await assert.rejects(
          answers(201, body),
          fails('solver/unavailable', /answered without a response/u),
          body,
        );
      await assert.rejects(
        answers(201, '{"response":{"success":false}}'),
        fails('solver/unavailable', /no result provided/u),
      );
      await assert.rejects(
        answers(201, '{"response":{"success":"true","status":{}}}'),
        fails('solver/unavailable', /gave no reason/u),
      );
    }));

  test('that is not there, or may not be called, is a matter of its installation', () =>
    withServer(async (server, transport) => {
      const other = webhookProvider(transport, { groupName: 'acme.nowhere.com', solverName: solver }, grants);
      await assert.rejects(
        other.present(record),
        fails('solver/reference', /is APIService v1alpha1\.acme\.nowhere\.com there and available/u),
      );
      server.options.answer = {
        status: 403,
        body: JSON.stringify({
          kind: 'Status',
          status: 'Failure',
          code: 403,
          reason: 'Forbidden',
          message: 'cannot create resource',
        }),
      };
      const provider = webhookProvider(transport, { groupName: group, solverName: solver }, grants);
      await assert.rejects(
        provider.present(record),
        fails('solver/reference', /needs the verb create on that resource in group acme\.example\.com/u),
      );
      server.options.answer = { status: 503, body: 'no endpoints available' };
      await assert.rejects(provider.present(record), fails('solver/unavailable', /could not be called/u));
    }));
});

test('groups and solvers that would lead to somewhere else are refused before anything is sent', () => {
  const transport: Transport = {
    request: () => assert.fail('nothing may be sent'),
    stream: () => assert.fail('nothing may be sent'),
  };
  for (const groupName of [
    '',
    '../api',
    'a/b',
    'Acme.example.com',
    'a..b',
    'a?b',
    `${'a.'.repeat(130)}b`,
    'apps',
    'batch',
    'rbac.authorization.k8s.io',
    'k8s.io',
  ])
    assert.throws(
      () => webhookProvider(transport, { groupName, solverName: 's' }, grants),
      SolverConfigurationError,
      groupName,
    );
  for (const solverName of ['', '..', '../x', 'a/b', 'a?b', 'a#b', 'a%2fb', 'a b'])
    assert.throws(
      () => webhookProvider(transport, { groupName: group, solverName }, grants),
      SolverConfigurationError,
      solverName,
    );
  for (const solverName of ['alidns-solver', 'ovh', 'My_Solver.v2'])
    webhookProvider(transport, { groupName: 'acme', solverName }, grants);
});
