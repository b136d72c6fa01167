/** Who asked and who may approve, held against a server with admission in force, policies or webhook. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { certificateRequests } from '../../src/api/resources.ts';
import { requestBase } from '../../src/admission/testing/certificate-request-cases.ts';
import { namespace, pathOf, verdictOf, type Verdict } from './admission-player.ts';
import { grant } from './admission-setup.ts';
import type { Side } from './two-servers.ts';

interface Request {
  metadata: { name: string; annotations?: Record<string, string>; finalizers?: string[] };
  spec: Record<string, unknown>;
  status?: { conditions?: object[] };
}

const forged = { username: 'system:admin', uid: '0', groups: ['system:masters'], extra: { a: ['b'] } };
const condition = (type: string) => ({ type, status: 'True', reason: 'test', message: 'test' });
const collection = pathOf(certificateRequests);

/** `server` is the administrator's; users are impersonated. */
export function playIdentity(server: () => Side): void {
  const as = (user: string, extra: Record<string, string> = {}): Record<string, string> => ({
    'impersonate-user': user,
    ...extra,
  });
  const create = async (user: string, spec: object = {}, headers: Record<string, string> = {}) => {
    const answer = await server()({
      method: 'POST',
      path: collection,
      headers: as(user, headers),
      body: {
        apiVersion: 'cert-manager.io/v1',
        kind: 'CertificateRequest',
        metadata: { generateName: 'r-' },
        spec: { ...requestBase, ...spec },
      },
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body as Request;
  };
  const write = async (user: string, body: Request, half = ''): Promise<Verdict> =>
    verdictOf(
      await server()({
        method: 'PUT',
        path: `${collection}/${body.metadata.name}${half}`,
        headers: as(user),
        body,
      }),
    );
  const conditions = (body: Request, ...types: string[]): Request => ({
    ...body,
    status: { conditions: types.map(condition) },
  });
  const read = async ({ metadata }: Request) =>
    (await server()({ method: 'GET', path: `${collection}/${metadata.name}` })).body as Request;

  describe('identity', () => {
    test('a forged one is overwritten with that of the requester', async () => {
      await grant(server(), 'eve');
      const { spec } = await create('eve', forged);
      assert.deepEqual(
        [spec['username'], spec['uid'], spec['groups'], spec['extra']],
        ['eve', undefined, ['system:authenticated'], undefined],
      );
    });

    test('uid, groups and extra attributes are stamped where there are any', async () => {
      const headers = {
        'impersonate-uid': 'u-7',
        'impersonate-group': 'dev',
        'impersonate-extra-scope': 'x',
      };
      const { spec } = await create('eve', forged, headers);
      assert.equal(spec['uid'], 'u-7');
      assert.deepEqual(spec['groups'], ['dev', 'system:authenticated']);
      assert.deepEqual(spec['extra'], { scope: ['x'] });
    });

    for (const [field, value] of Object.entries(forged))
      test(`${field} cannot be changed later, by nobody`, async () => {
        const made = await create('eve');
        const body = { ...made, spec: { ...made.spec, [field]: value } };
        const { admitted, message } = await write('eve', body);
        assert.equal(admitted, false);
        assert.ok(message.includes(`spec.${field}: Forbidden: `), message);
        const path = `${collection}/${made.metadata.name}`;
        assert.equal((await server()({ method: 'PUT', path, body })).status, 403, 'the administrator');
      });
  });

  describe('approval', () => {
    test('is refused to a user without the right, as is denial', async () => {
      const made = await create('eve');
      for (const type of ['Approved', 'Denied']) {
        const { admitted, message } = await write('eve', conditions(made, type), '/status');
        assert.equal(admitted, false);
        assert.ok(
          message.includes(
            'status.conditions: Forbidden: user "eve" does not have permissions to set approved/denied conditions for issuer {ca Issuer cert-manager.io}',
          ),
          message,
        );
      }
      assert.equal((await read(made)).status, undefined);
    });

    test('is refused by merge patch and by apply too', async () => {
      const made = await create('eve');
      const status = {
        conditions: [{ ...condition('Approved'), lastTransitionTime: '2026-01-01T00:00:00Z' }],
      };
      const object = { apiVersion: 'cert-manager.io/v1', kind: 'CertificateRequest', status };
      for (const type of ['application/merge-patch+json', 'application/apply-patch+yaml']) {
        const answer = await server()({
          method: 'PATCH',
          path: `${collection}/${made.metadata.name}/status?fieldManager=eve`,
          type,
          headers: as('eve'),
          body: object,
        });
        assert.equal(answer.status, 403, JSON.stringify(answer.body));
      }
    });

    test('is dropped from a creation and from a write to the object itself', async () => {
      const made = await create('eve');
      assert.ok((await write('eve', conditions(made, 'Approved'))).admitted);
      assert.equal((await read(made)).status, undefined);
    });

    const rights: [user: string, signer: string, issuerRef: object][] = [
      ['one', `issuers.cert-manager.io/${namespace}.ca`, { name: 'ca' }],
      ['all', 'issuers.cert-manager.io/*', { name: 'ca', kind: 'Issuer', group: 'cert-manager.io' }],
      ['cluster', 'clusterissuers.cert-manager.io/ca', { name: 'ca', kind: 'ClusterIssuer' }],
      ['clusters', 'clusterissuers.cert-manager.io/*', { name: 'ca', kind: 'ClusterIssuer' }],
    ];
    for (const [name, signer, issuerRef] of rights)
      test(`is allowed with the right on ${signer}, and only there`, async () => {
        const user = `approver-${name}`;
        await grant(server(), user, signer);
        const made = await create('eve', { issuerRef });
        await eventually(() => write(user, conditions(made, 'Approved'), '/status'));
        const other = await create('eve', {
          issuerRef: { name: 'other', kind: 'Foreign', group: 'other.io' },
        });
        assert.equal((await write(user, conditions(other, 'Approved'), '/status')).admitted, false);
      });

    test('of one issuer is none of the same name elsewhere', async () => {
      await grant(server(), 'approver-elsewhere', 'issuers.cert-manager.io/elsewhere.ca');
      const made = await create('eve', { issuerRef: { name: 'elsewhere.ca' } });
      const { admitted } = await write('approver-elsewhere', conditions(made, 'Approved'), '/status');
      assert.equal(admitted, false);
    });

    test('of one issuer is none of another whose name is put in beside it', async () => {
      await grant(server(), 'approver-toy', `issuers.cert-manager.io/${namespace}.toy`);
      const made = await create('eve');
      const allowed = await create('eve', { issuerRef: { name: 'toy' } });
      await eventually(() => write('approver-toy', conditions(allowed, 'Approved'), '/status'));
      const friendlier = { ...made, spec: { ...made.spec, issuerRef: { name: 'toy' } } };
      const { admitted, message } = await write(
        'approver-toy',
        conditions(friendlier, 'Approved'),
        '/status',
      );
      assert.equal(admitted, false);
      assert.ok(message.includes('issuer {ca Issuer cert-manager.io}'), message);
    });

    test('once given stays: it cannot be taken back, changed or contradicted by who may approve', async () => {
      await grant(server(), 'approver-all', 'issuers.cert-manager.io/*');
      const made = await create('eve');
      await eventually(() => write('approver-all', conditions(made, 'Approved'), '/status'));
      const approved = await read(made);
      const kept = approved.status?.conditions ?? [];
      const changes: [status: { conditions: object[] }, word: string][] = [
        [{ conditions: [] }, "'Approved' condition may not be modified once set"],
        [
          { conditions: [{ ...kept[0], status: 'False' }] },
          "'Approved' condition may not be modified once set",
        ],
        [
          { conditions: [{ ...kept[0], reason: 'other' }] },
          "'Approved' condition may not be modified once set",
        ],
        [
          { conditions: [...kept, condition('Denied')] },
          "both 'Denied' and 'Approved' conditions cannot coexist",
        ],
      ];
      for (const [status, word] of changes) {
        const { admitted, message } = await write('approver-all', { ...approved, status }, '/status');
        assert.equal(admitted, false);
        assert.ok(message.includes(word), message);
      }
      const ready = { type: 'Ready', status: 'False', reason: 'Pending', message: '' };
      const more = { ...approved, status: { conditions: [...kept, ready] } };
      const { admitted, message } = await write('eve', more, '/status');
      assert.ok(admitted, message);
    });
  });

  test('a finalizer can come off and the object can go', async () => {
    const made = await create('eve');
    const held = { ...made, metadata: { ...made.metadata, finalizers: ['example.com/held'] } };
    assert.ok((await write('eve', held)).admitted);
    const path = `${collection}/${made.metadata.name}`;
    await server()({ method: 'DELETE', path });
    const going = await read(made);
    const { admitted, message } = await write('eve', {
      ...going,
      metadata: { ...going.metadata, finalizers: [] },
    });
    assert.ok(admitted, message);
    assert.equal((await server()({ method: 'GET', path })).status, 404);
  });
}

/** Rights take effect when the API server has seen them; each try takes a round trip. */
async function eventually(attempt: () => Promise<Verdict>): Promise<void> {
  const limit = performance.now() + 10_000;
  for (;;) {
    const { admitted, message } = await attempt();
    if (admitted) return;
    if (performance.now() > limit) assert.fail(message);
  }
}
