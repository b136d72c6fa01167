import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NotFoundError, ServerError } from '../../kube/errors.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import type { Transport, TransportRequest } from '../../kube/transport.ts';
import { createAuthorizer } from './access-reviews.ts';
import { createSignerDiscovery } from './signer-discovery.ts';

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Answers by path; what has no answer is not found. */
function transportOf(answers: Record<string, unknown>): { transport: Transport; asked: TransportRequest[] } {
  const asked: TransportRequest[] = [];
  const transport: Transport = {
    request(request) {
      asked.push(request);
      const answer = answers[request.path];
      if (answer === undefined) return Promise.reject(new NotFoundError(request.path));
      if (answer instanceof Error) return Promise.reject(answer);
      return Promise.resolve({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(answer)) });
    },
    stream: () => Promise.reject(new Error('not asked for')),
  };
  return { transport, asked };
}

describe('access reviews', () => {
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  const question = {
    user: { username: 'ann', uid: '1', groups: ['g'], extra: { k: ['v'] } },
    verb: 'approve',
    group: 'cert-manager.io',
    resource: 'signers',
    name: 'issuers.cert-manager.io/*',
  };

  test('ask for the whole user, of every version and no namespace, once a second', async () => {
    const clock = createFakeClock(0);
    const { transport, asked } = transportOf({ [path]: { status: { allowed: true } } });
    const authorize = createAuthorizer(transport, clock, quiet);
    assert.equal(await authorize(question), true);
    assert.equal(await authorize(question), true);
    assert.equal(asked.length, 1);
    const { spec } = JSON.parse(asked[0]?.body ?? '') as { spec: Record<string, unknown> };
    assert.deepEqual(spec, {
      user: 'ann',
      uid: '1',
      groups: ['g'],
      extra: { k: ['v'] },
      resourceAttributes: {
        verb: 'approve',
        group: 'cert-manager.io',
        version: '*',
        resource: 'signers',
        name: 'issuers.cert-manager.io/*',
      },
    });
    await clock.advance(1_000);
    await authorize(question);
    await authorize({ ...question, name: 'other' });
    assert.equal(asked.length, 3);
  });

  test('a flood of questions is not remembered without end', async () => {
    const { transport, asked } = transportOf({ [path]: { status: { allowed: true } } });
    const authorize = createAuthorizer(transport, createFakeClock(0), quiet);
    await authorize(question);
    for (let i = 0; i < 1_000; i++) await authorize({ ...question, name: `other-${i}` });
    assert.equal(asked.length, 1_001);
    await authorize({ ...question, name: 'other-999' });
    assert.equal(asked.length, 1_001, 'the last ones are remembered');
    await authorize(question);
    assert.equal(asked.length, 1_002, 'the oldest one is not');
  });

  test('an error and an odd answer are a no', async () => {
    const clock = createFakeClock(0);
    for (const answer of [new ServerError('away'), {}, { status: { allowed: 'true' } }]) {
      const { transport } = transportOf({ [path]: answer });
      assert.equal(await createAuthorizer(transport, clock, quiet)(question), false);
    }
  });
});

describe('signer discovery', () => {
  const group = { versions: [{ groupVersion: 'x.io/v2' }, { groupVersion: 'x.io/v1' }] };
  const resources = {
    resources: [
      { name: 'foos/status', kind: 'Foo' },
      { name: 'foos', kind: 'Foo', namespaced: true },
    ],
  };
  const served = { '/apis/x.io': group, '/apis/x.io/v2': { resources: [] }, '/apis/x.io/v1': resources };

  test('our own kinds are known, others are looked up once', async () => {
    const { transport, asked } = transportOf(served);
    const find = createSignerDiscovery(transport, createFakeClock(0));
    assert.deepEqual(await find('cert-manager.io', 'Issuer'), { plural: 'issuers', namespaced: true });
    assert.equal(asked.length, 0);
    for (let i = 0; i < 2; i++)
      assert.deepEqual(await find('x.io', 'Foo'), { plural: 'foos', namespaced: true });
    assert.equal(asked.length, 3);
  });

  test('a kind that is missing is asked for again after 30 s, a group at once, and no path is made of junk', async () => {
    const clock = createFakeClock(0);
    const { transport, asked } = transportOf(served);
    const find = createSignerDiscovery(transport, clock);
    for (let i = 0; i < 2; i++) assert.equal(await find('x.io', 'Bar'), undefined);
    assert.equal(asked.length, 3);
    await clock.advance(30_000);
    assert.equal(await find('x.io', 'Bar'), undefined);
    assert.equal(asked.length, 6);
    for (let i = 0; i < 2; i++) assert.equal(await find('y.io', 'Foo'), undefined);
    assert.equal(asked.length, 8);
    assert.equal(await find('../../api', 'Foo'), undefined);
    assert.equal(asked.length, 8);
  });
});
