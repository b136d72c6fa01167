/** Challenges that nobody but their author meant: no credential is read for them, no address called, nothing presented. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChallengeSpec } from '../../../src/api/challenge.ts';
import type { OwnerReference } from '../../../src/api/meta.ts';
import type { Order } from '../../../src/api/order.ts';
import { clusterIssuers, orders } from '../../../src/api/resources.ts';
import { namespace } from '../standalone-world.ts';
import { ChallengeWorld, dns01, http01, ownedBy } from './challenge-world.ts';

interface Attack {
  title: string;
  spec?: (spec: ChallengeSpec) => Partial<ChallengeSpec>;
  owner?: (order: Order) => OwnerReference[];
  says: RegExp;
}

const another = { dns01: { cloudflare: { apiTokenSecretRef: { name: 'cloudflare', key: 'other' } } } };

const attacks: readonly Attack[] = [
  { title: 'no owner', owner: () => [], says: /no Order controls it/u },
  {
    title: 'an Order of another uid',
    owner: (order) => [
      { ...ownedBy(order, 'acme.cert-manager.io/v1', 'Order'), uid: '00000000-0000-4000-8000-000000000000' },
    ],
    says: /is another one than it was made for/u,
  },
  {
    title: 'an owner of another kind',
    owner: (order) => [ownedBy(order, 'v1', 'ConfigMap')],
    says: /no Order controls it/u,
  },
  {
    title: 'another issuer than that of the Order',
    spec: () => ({ issuerRef: { name: 'other', kind: 'ClusterIssuer', group: 'cert-manager.io' } }),
    says: /names another issuer/u,
  },
  {
    title: 'an authorization that the Order has not',
    spec: () => ({ authorizationURL: 'https://ca.example/authz/else' }),
    says: /knows no such authorization/u,
  },
  { title: 'another name', spec: () => ({ dnsName: 'bank.example' }), says: /about another name/u },
  { title: 'a wildcard', spec: () => ({ wildcard: true }), says: /about another name/u },
  {
    title: 'an address of its own',
    spec: () => ({ url: 'http://169.254.169.254/latest/meta-data' }),
    says: /offered no HTTP-01 challenge of that address/u,
  },
  { title: 'a token of its own', spec: () => ({ token: '../../etc/passwd' }), says: /offered no HTTP-01/u },
  {
    title: 'a solver that the issuer has not',
    spec: () => ({
      solver: { http01: { ingress: { podTemplate: { spec: { serviceAccountName: 'admin' } } } } },
    }),
    says: /solver is none of ClusterIssuer acme/u,
  },
  {
    title: 'another type than its address is of',
    spec: () => ({ type: 'DNS-01', solver: dns01 }),
    says: /offered no DNS-01/u,
  },
  {
    title: 'a type without its section',
    spec: () => ({ solver: dns01 }),
    says: /no section http01/u,
  },
  {
    title: 'the key of somebody else',
    spec: ({ token }) => ({ key: `${token}.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA` }),
    says: /key is none of the account/u,
  },
];

for (const { title, spec = () => ({}), owner, says } of attacks)
  test(`refused: ${title}`, async (t) => {
    const here = await ChallengeWorld.start(t);
    const order = await here.order('web', ['web.example.com']);
    const honest = here.spec(order, 'web.example.com');
    const ownerReferences = owner === undefined ? undefined : owner(order);
    const accounts = here.ca.accounts;
    const name = await here.challenge(
      order,
      { ...honest, ...spec(honest) },
      {
        ...(ownerReferences === undefined ? {} : { ownerReferences }),
        finalizers: ['acme.cert-manager.io/finalizer'],
      },
    );
    await here.world.clock.advance(180_000);
    const { status } = (await here.find(name)) ?? {};
    // An owner that does not exist takes its dependants with it: that is the collector's answer.
    if (status !== undefined) {
      assert.match(status.reason ?? '', says);
      assert.notEqual(status.presented, true);
      const told = await here.world.told('Challenge', name);
      assert.ok(
        told.some((event) => event.startsWith('Refused: Not worked on: ')),
        told.join('\n'),
      );
    }
    assert.deepEqual(here.solver.calls, []);
    assert.deepEqual(here.ca.calls, []);
    // Only the last attack gets as far as the account that it does not have the key of.
    if (title !== 'the key of somebody else') assert.equal(here.ca.accounts, accounts);
    // Nor is there anything to clean up, whatever finalizer it was made with.
    if (status !== undefined) await here.delete(name);
    assert.equal(await here.find(name), undefined);
    assert.deepEqual(here.solver.calls, []);
  });

test('an Order that was made for no request that somebody approved is none', async (t) => {
  const here = await ChallengeWorld.start(t);
  const honest = await here.order('web', ['web.example.com']);
  const spec = here.spec(honest, 'web.example.com');
  const { status } = await here.world.user.get<Order>(orders, { namespace, name: 'web' });
  for (const [name, ownerReferences, change] of [
    ['orphan', [], {}],
    [
      'borrowed',
      honest.metadata?.ownerReferences ?? [],
      { request: Buffer.from('another').toString('base64') },
    ],
    [
      'other-issuer',
      honest.metadata?.ownerReferences ?? [],
      { issuerRef: { name: 'other', kind: 'ClusterIssuer' } },
    ],
  ] as const) {
    const order = await here.world.user.create<Order>(
      orders,
      {
        apiVersion: 'acme.cert-manager.io/v1',
        kind: 'Order',
        metadata: { name, namespace, ownerReferences: [...ownerReferences] },
        spec: { ...honest.spec, ...change },
      },
      { fieldManager: 'test' },
    );
    await here.orderStatus(order, status ?? {});
    const challenge = await here.challenge(order, { ...spec, issuerRef: order.spec.issuerRef }, { name });
    await here.world.clock.advance(120_000);
    assert.match((await here.get(challenge)).status?.reason ?? '', /^Not worked on: .*its Order/u, name);
  }
  assert.deepEqual(here.solver.calls, []);
  assert.deepEqual(here.ca.calls, []);
});

test('what was refused is taken up once its Order says what it lacked', async (t) => {
  const here = await ChallengeWorld.start(t);
  const order = await here.order('web', ['web.example.com']);
  const { status } = await here.world.user.get<Order>(orders, { namespace, name: 'web' });
  const spec = here.spec(order, 'web.example.com');
  await here.world.user.delete(orders, { namespace, name: 'web' });
  const again = await here.world.user.create<Order>(
    orders,
    {
      ...order,
      metadata: { name: 'web', namespace, ownerReferences: order.metadata?.ownerReferences },
      status: undefined,
    },
    { fieldManager: 'test' },
  );
  const name = await here.challenge(again, spec);
  assert.match((await here.get(name)).status?.reason ?? '', /knows no such authorization/u);
  await here.orderStatus(again, status ?? {});
  await here.world.clock.advance(2_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
});

test('annotations of a Certificate may choose the Ingress, as they may in cert-manager', async (t) => {
  const here = await ChallengeWorld.start(t);
  const order = await here.order('web', ['web.example.com']);
  const name = await here.challenge(order, {
    ...here.spec(order, 'web.example.com'),
    solver: { http01: { ingress: { name: 'web' } } },
  });
  await here.world.clock.advance(2_000);
  assert.equal((await here.get(name)).status?.state, 'valid');
});

test('a solver that the issuer had when the challenge began cleans up after the issuer has changed', async (t) => {
  const here = await ChallengeWorld.start(t, { solvers: [http01] });
  here.solver.unseen.add('web.example.com');
  const name = await here.prove('web');
  await here.world.user.patch(
    clusterIssuers,
    { name: 'acme' },
    'merge',
    { spec: { acme: { solvers: [another] } } },
    { fieldManager: 'test' },
  );
  await here.world.settle();
  await here.delete(name);
  assert.equal(await here.find(name), undefined);
  assert.equal(here.solver.world.size, 0);
});
