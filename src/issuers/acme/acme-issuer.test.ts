import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Order, OrderStatus } from '../../api/order.ts';
import { encodePem } from '../../pki/pem.ts';
import { certificateFromRequest } from '../../pki/x509/certificate-from-request.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { createSigner } from '../../pki/x509/sign-certificate.ts';
import { base64, identity, lineOf, newKey, now, request, World } from '../testing/issuer-world.ts';
import { AcmeIssuer } from './acme-issuer.ts';
import { trimOrder, type OrderFacts } from './order-facts.ts';
import type { OrderGateway } from './order-gateway.ts';

class Orders implements OrderGateway {
  readonly live = new Map<string, Order>();
  refusal: Error | undefined;
  get = (namespace: string, name: string): OrderFacts | undefined => {
    const order = this.live.get(`${namespace}/${name}`);
    return order === undefined ? undefined : trimOrder(order);
  };
  ownedBy = (namespace: string, uid: string): OrderFacts[] =>
    [...this.live.values()]
      .filter(
        (order) =>
          order.metadata?.namespace === namespace && order.metadata.ownerReferences?.[0]?.uid === uid,
      )
      .map(trimOrder);
  read = (namespace: string, name: string): Promise<Order | undefined> =>
    Promise.resolve(this.live.get(`${namespace}/${name}`));
  create = (order: Order): Promise<void> => {
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    this.live.set(`${order.metadata?.namespace}/${order.metadata?.name}`, order);
    return Promise.resolve();
  };
  delete = ({ metadata }: Pick<Order, 'metadata'>): Promise<void> => {
    this.live.delete(`${metadata?.namespace}/${metadata?.name}`);
    return Promise.resolve();
  };
}

function open(change: { replaces?: string } = {}) {
  const acme = { server: 'https://ca.example/dir', privateKeySecretRef: { name: 'k' } };
  const world = new World({ acme }, { cluster: true });
  const orders = new Orders();
  const state = { ...change };
  Object.assign(world, {
    acme: {
      orders,
      accounts: undefined,
      createSecret: undefined,
      replacesFor: () => Promise.resolve(state.replaces),
    },
  });
  const key = newKey();
  const asked: CertificateRequest = {
    ...request(key, 'www'),
    metadata: { namespace: 'shop', name: 'r', uid: 'u' },
  };
  asked.spec = { ...asked.spec, request: csr('www.example.com', key) };
  const issuer = new AcmeIssuer();
  const sign = async (): Promise<string> => lineOf(await issuer.sign(world, asked));
  const only = (): Order => [...orders.live.values()][0]!;
  const become = (status: OrderStatus): void => void (only().status = status);
  return { issuer, world, orders, key, asked, sign, only, become, state };
}

function csr(name: string, key: Parameters<typeof request>[0]): string {
  return base64(encodePem('CERTIFICATE REQUEST', createCsr({ dnsNames: [name] }, key)));
}

async function certificateFor(requestBase64: string): Promise<string> {
  const root = await identity('Root');
  const parsed = parseCsr(Buffer.from(requestBase64, 'base64'));
  const der = await certificateFromRequest({ csr: parsed, now: now.getTime() }, createSigner(root.key));
  return base64(encodePem('CERTIFICATE', der));
}

test('a request becomes an Order, waits for it, and gets its chain', async () => {
  const { sign, become, asked } = open();
  assert.match(await sign(), /^pending OrderCreated: Created Order resource shop\/r-\d+$/u);
  assert.match(await sign(), /^pending OrderPending: Created Order resource shop\/r-\d+$/u);
  become({ reason: 'Failed to create Order: 503', nextAttemptAt: '2026-11-22T11:00:00Z' });
  assert.match(
    await sign(),
    /order shop\/r-\d+, which the CA has not taken yet: Failed to create Order: 503$/u,
  );
  become({ state: 'pending', reason: 'Failed to create Order: 429', nextAttemptAt: '2026-11-22T11:00:00Z' });
  assert.match(await sign(), /: "pending": Failed to create Order: 429$/u);
  become({ state: 'pending', reason: 'no configured challenge solvers can be used' });
  assert.match(await sign(), /: "pending": no configured challenge solvers can be used$/u);
  become({ state: 'processing', reason: '' });
  assert.match(await sign(), /^pending OrderPending: Created Order resource shop\/r-\d+$/u);
  become({ state: 'valid' });
  assert.match(
    await sign(),
    /^pending OrderPending: Waiting for order-controller to add certificate data to Order shop\/r-\d+$/u,
  );
  become({ state: 'valid', certificate: await certificateFor(asked.spec.request) });
  assert.equal(await sign(), 'issued');
});

test('a failed Order fails the request', async () => {
  const { sign, become } = open();
  await sign();
  become({ state: 'invalid', reason: 'the CA said no' });
  assert.match(
    await sign(),
    /^failed OrderFailed: Failed to wait for order resource "r-\d+" to become ready: order is in "invalid" state: the CA said no$/u,
  );
});

test('a certificate for another key makes another Order once, and then fails the request', async () => {
  const { sign, become, orders } = open();
  const certificate = await certificateFor(csr('www.example.com', newKey()));
  await sign();
  become({ state: 'valid', certificate });
  assert.match(
    await sign(),
    /^pending OrderPending: The certificate is for another key .*: it was removed, and a new one is made$/u,
  );
  assert.equal(orders.live.size, 0);
  await sign();
  become({ state: 'valid', certificate });
  assert.match(await sign(), /^failed OrderFailed: The CA delivered a useless certificate twice/u);
  assert.equal(orders.live.size, 1);
});

test('an Order of that name that belongs to somebody else is left alone', async () => {
  const { sign, only, become } = open();
  await sign();
  for (const owner of only().metadata?.ownerReferences ?? []) owner.uid = 'other';
  become({ state: 'valid', certificate: 'x' });
  assert.match(
    await sign(),
    /^pending OrderGetError: found Order resource not owned by this CertificateRequest, retrying/u,
  );
});

test('what cannot be created is tried again', async () => {
  const { issuer, world, orders, asked } = open();
  orders.refusal = new Error('forbidden');
  const outcome = await issuer.sign(world, asked);
  assert.match(
    lineOf(outcome),
    /^pending OrderCreatingError: Failed create new order resource shop\/r-\d+: forbidden$/u,
  );
  assert.ok(outcome.kind === 'pending' && outcome.retry);
});

test('an Order under way stays, whatever it would replace by now', async () => {
  const { sign, orders, only, state } = open({ replaces: 'aaa.bbb' });
  await sign();
  assert.equal(only().spec.replaces, 'aaa.bbb');
  state.replaces = 'ccc.ddd';
  assert.match(await sign(), /^pending OrderPending/u);
  state.replaces = undefined as never;
  assert.match(await sign(), /^pending OrderPending/u);
  assert.equal(orders.live.size, 1);
});

test('what is no signing request is refused', async () => {
  const { issuer, world, asked } = open();
  asked.spec.request = base64('nonsense');
  assert.match(
    lineOf(await issuer.sign(world, asked)),
    /^failed RequestParsingError: Failed to decode CSR in spec\.request: /u,
  );
});

test('Secrets that an issuer depends on', () => {
  const { issuer, world } = open();
  Object.assign(world.issuer.spec.acme!, {
    externalAccountBinding: { keyID: 'i', keySecretRef: { name: 'eab', key: 'k' } },
    solvers: [{ dns01: { digitalocean: { tokenSecretRef: { name: 'token', key: 'k' } } } }],
  });
  assert.deepEqual([...issuer.referencedSecrets(world.issuer)].toSorted(), ['eab', 'k', 'token']);
});
