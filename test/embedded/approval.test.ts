/** Who may approve what on `certwright up`: signers are what the API serves, known users are administrators. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, after, describe, it } from 'node:test';
import { homedir, tmpdir } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { certificateRequests, type ResourceType } from '../../src/api/resources.ts';
import { authorizeKnownUsers } from '../../src/cli/up/authorize.ts';
import { csrOf, newKey } from '../../src/controllers/testing/requests.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { connect, endpointOf, type OpenConnection } from '../../src/kube/connect.ts';
import { ForbiddenError } from '../../src/kube/errors.ts';
import { nodeHost } from '../../src/kube/host.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { loadKubeContext } from '../../src/kube/kubeconfig.ts';

const entry = join(import.meta.dirname, '../../src/cli/main.ts');
const byTest = { fieldManager: 'test' };
const definitions: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  singular: 'customresourcedefinition',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

function definition(kind: string, scope: 'Namespaced' | 'Cluster'): KubeObject & { spec: object } {
  const plural = `${kind.toLowerCase()}s`;
  const spec = {
    group: 'example.com',
    scope,
    names: { plural, singular: kind.toLowerCase(), kind },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.com` },
    spec,
  };
}

describe('approval on certwright up', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-test-'));
  let child: ChildProcess;
  let connection: OpenConnection;
  let client: KubeClient;
  let log = '';

  before(async () => {
    child = spawn(
      process.execPath,
      [entry, 'up', '--data-dir', join(folder, 'data'), '--listen', '127.0.0.1:0', '--log-level', 'warn'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    child.stderr?.setEncoding('utf8').on('data', (text: string) => void (log += text));
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('close', () => reject(new Error(log)));
    });
    const host = nodeHost({}, homedir());
    const context = await loadKubeContext(host, { file: join(folder, 'data/kubeconfig') });
    connection = await connect(endpointOf(context, host, systemClock), {
      clock: systemClock,
      random: Math.random,
    });
    client = createKubeClient(connection);
  });
  after(async () => {
    child.removeAllListeners('close');
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    await ended;
    await connection.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (name: string, kind: string): Promise<CertificateRequest> =>
    client.create<CertificateRequest>(
      certificateRequests,
      {
        apiVersion: 'cert-manager.io/v1',
        kind: 'CertificateRequest',
        metadata: { name, namespace: 'default' },
        spec: { issuerRef: { name: 'x', kind, group: 'example.com' }, request: csrOf(newKey(), name) },
      },
      byTest,
    );
  const read = (name: string): Promise<CertificateRequest> =>
    client.get<CertificateRequest>(certificateRequests, { namespace: 'default', name });
  const approved = async (name: string): Promise<CertificateRequest> => {
    for (const deadline = Date.now() + 15_000; Date.now() < deadline;) {
      const request = await read(name);
      if (request.status?.conditions?.some(({ type }) => type === 'Approved')) return request;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return assert.fail(`${name} was not approved within 15 s:\n${log}`);
  };

  for (const [kind, scope] of [
    ['SlowIssuer', 'Namespaced'],
    ['SlowClusterIssuer', 'Cluster'],
  ] as const) {
    it(`a request for an external ${scope} issuer is approved and otherwise left alone`, async () => {
      await client.create(definitions, definition(kind, scope), byTest);
      const name = kind.toLowerCase();
      await ask(name, kind);
      const { status } = await approved(name);
      assert.deepEqual(
        status?.conditions?.map(({ type, reason }) => [type, reason]),
        [['Approved', 'cert-manager.io']],
      );
    });
  }

  it('a signer that nobody serves is refused to everyone, until it is served', async () => {
    await ask('unknown', 'LateIssuer');
    const request = await read('unknown');
    const conditions = [
      {
        type: 'Approved',
        status: 'True',
        reason: 'ByHand',
        message: 'fine',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ];
    await assert.rejects(
      client.update(certificateRequests, { ...request, status: { conditions } } as CertificateRequest, {
        ...byTest,
        subresource: 'status',
      }),
      (error) => {
        assert.ok(error instanceof ForbiddenError);
        assert.match(
          error.message,
          /spec\.issuerRef: Forbidden: referenced signer resource does not exist: \{x LateIssuer example\.com\}/,
        );
        return true;
      },
    );
    assert.equal((await read('unknown')).status?.conditions, undefined);
    await client.create(definitions, definition('LateIssuer', 'Namespaced'), byTest);
    // Our approver was refused as well and comes back after its back-off.
    await approved('unknown');
  });

  it('nobody without credentials is anybody', () => {
    const question = { verb: 'approve', group: 'cert-manager.io', resource: 'signers' };
    const groups = [
      [['system:masters', 'system:authenticated'], true],
      [['system:authenticated'], true],
      [['system:unauthenticated'], false],
    ] as const;
    for (const [names, allowed] of groups)
      assert.equal(
        authorizeKnownUsers({ ...question, user: { username: 'u', groups: [...names] } }),
        allowed,
      );
  });
});
