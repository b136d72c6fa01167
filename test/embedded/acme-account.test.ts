/** The key of an ACME account is changed, or the account closed, while the controllers run; and whoever does it dies at each step. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import type { Secret } from '../../src/api/core.ts';
import { orders, secrets } from '../../src/api/resources.ts';
import { deactivateAccount } from '../../src/cli/acme/operator/account-deactivate.ts';
import { rolloverAccount } from '../../src/cli/acme/operator/account-rollover.ts';
import { openBudget } from '../../src/cli/acme/budget-store.ts';
import { showAccount } from '../../src/cli/acme/operator/account-show.ts';
import { showBudget } from '../../src/cli/acme/operator/budget.ts';
import type { Cluster } from '../../src/cli/acme/operator/cluster.ts';
import { fakeServer, problem } from '../../src/controllers/testing/fake-ca.ts';
import { readCaLimits } from '../../src/acme/budget/ca-limits.ts';
import { AcmeTransportError } from '../../src/acme/errors.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { encodePrivateKey } from '../../src/pki/keys.ts';
import { AcmeWorld } from './acme-world.ts';
import { hour, namespace } from './standalone-world.ts';

const account = { namespace: 'kube-system', name: 'account' };
const key = { algorithm: 'ECDSA' };

class Killed extends Error {}

class Operator {
  readonly acme: AcmeWorld;
  out = '';
  err = '';

  private constructor(acme: AcmeWorld) {
    this.acme = acme;
  }
  static async start(t: TestContext): Promise<Operator> {
    const acme = await AcmeWorld.start(t);
    acme.ca.directory = { ...acme.ca.directory, keyChange: 'https://ca.example/key' };
    await acme.issuer();
    return new Operator(acme);
  }

  cluster(client: KubeClient = this.acme.world.user): Cluster {
    const { world } = this.acme;
    let waited = 0;
    return {
      client,
      // Pauses of the command move nobody else's time, and are long enough for the controllers to do what they have to.
      clock: {
        now: () => world.clock.now() + waited,
        after: (ms, task) => {
          waited += ms;
          let isCancelled = false;
          void world.settle().then(() => {
            if (!isCancelled) task();
          });
          return { cancel: () => (isCancelled = true) };
        },
      },
      random: () => 0.5,
      namespace,
      clusterResourceNamespace: 'kube-system',
      open: this.acme.ca.open,
      signal: new AbortController().signal,
    };
  }
  rollover(cluster = this.cluster()): Promise<number> {
    const streams = {
      out: (text: string) => void (this.out += text),
      err: (text: string) => void (this.err += text),
    };
    return rolloverAccount(cluster, 'acme', { key, format: 'text' }, streams);
  }
  secret(): Promise<Secret> {
    return this.acme.world.user.get<Secret>(secrets, account);
  }

  /** One key, the CA's, in the Secret; the issuer Ready with the account that it had; and it issues. */
  async requireWhole(name: string): Promise<void> {
    const { acme } = this;
    await acme.world.settle();
    const { data = {}, metadata } = await this.secret();
    assert.deepEqual(Object.keys(data), ['tls.key']);
    assert.equal(metadata?.annotations?.['certwright.dev/account-key-rollover'], undefined);
    const pem = Buffer.from(data['tls.key'] ?? '', 'base64').toString('utf8');
    const { thumbprint } = acme.ca.open({ server: fakeServer, privateKey: pem, skipTLSVerify: false });
    assert.deepEqual([...acme.ca.accounts.keys()], [thumbprint], 'the CA has this very key, and one account');
    const { status } = await acme.getIssuer();
    assert.equal(status?.conditions?.[0]?.status, 'True');
    assert.equal(status?.acme?.uri, 'https://ca.example/acct/1');
    await acme.certificate(name, [`${name}.example`]);
    await acme.prove(`${name}.example`);
    const told = JSON.stringify((await acme.orders()).map(({ status: ofOrder }) => ofOrder));
    assert.equal((await acme.world.condition(name, 'Ready'))?.status, 'True', told);
  }
}

test('an account gets another key, the controllers take it up, and the account stays the same', async (t) => {
  const operator = await Operator.start(t);
  const before = (await operator.secret()).data?.['tls.key'];
  assert.equal(await operator.rollover(), 0);
  assert.match(operator.out, /Issuer: +ClusterIssuer acme\nNew key: +ECDSA P-256.*\nController: +uses it/u);
  assert.notEqual((await operator.secret()).data?.['tls.key'], before);
  assert.equal(operator.acme.ca.count('register'), 1, 'found by its new key, not registered again');
  await operator.requireWhole('after');
});

/** Patches of the Secret are numbered; a kill comes before or after one is done. */
function mortal(client: KubeClient, step: { patch: number; done: boolean }): KubeClient {
  let count = 0;
  return new Proxy(client, {
    get(target, property) {
      if (property === 'patch')
        return async (...args: Parameters<KubeClient['patch']>) => {
          const isDue = ++count === step.patch;
          if (isDue && !step.done) throw new Killed();
          const answer = await target.patch(...args);
          if (isDue) throw new Killed();
          return answer;
        };
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

interface Death {
  at: string;
  patch?: { patch: number; done: boolean };
  ca?: 'onCall' | 'afterCall';
}
const deaths: readonly Death[] = [
  { at: 'before the next key is stored', patch: { patch: 1, done: false } },
  { at: 'after the next key is stored', patch: { patch: 1, done: true } },
  { at: 'before the CA hears of it', ca: 'onCall' },
  { at: 'after the CA has taken it', ca: 'afterCall' },
  { at: 'before the keys change places', patch: { patch: 2, done: false } },
  { at: 'after the keys have changed places', patch: { patch: 2, done: true } },
];

for (const { at, patch, ca } of deaths) {
  const die = async (operator: Operator): Promise<void> => {
    const { user } = operator.acme.world;
    const fake = operator.acme.ca;
    const kill = (call: string): void => {
      if (call === 'changeKey') throw new Killed();
    };
    if (ca !== undefined) fake[ca] = kill;
    await assert.rejects(
      operator.rollover(operator.cluster(patch === undefined ? user : mortal(user, patch))),
      Killed,
    );
    fake.onCall = () => undefined;
    fake.afterCall = () => undefined;
  };

  test(`killed ${at}: run again, it ends well`, async (t) => {
    const operator = await Operator.start(t);
    await die(operator);
    assert.equal(await operator.rollover(), 0);
    await operator.requireWhole('again');
  });

  test(`killed ${at}: nothing is signed with a doubtful key, and the controller ends it by itself`, async (t) => {
    const operator = await Operator.start(t);
    const { acme } = operator;
    await die(operator);
    await acme.certificate('meanwhile', ['meanwhile.example']);
    const isOpen = (await operator.secret()).data?.['tls.key.next'] !== undefined;
    assert.equal(acme.ca.orders.length, isOpen ? 0 : 1);
    await acme.world.clock.advance(3 * 60_000);
    await acme.prove('meanwhile.example');
    assert.equal((await acme.world.condition('meanwhile', 'Ready'))?.status, 'True');
    await operator.requireWhole('later');
  });
}

test('a CA that refuses the key leaves the account as it was; one that does not answer leaves it to the next try', async (t) => {
  const operator = await Operator.start(t);
  const { ca } = operator.acme;
  const failing = (error: Error) => (call: string) => {
    if (call === 'changeKey') throw error;
  };
  ca.onCall = failing(problem(400, 'badPublicKey', 'no such curve'));
  await assert.rejects(operator.rollover(), /the account keeps the one that it has: .*no such curve/u);
  assert.deepEqual(Object.keys((await operator.secret()).data ?? {}), ['tls.key']);
  ca.onCall = failing(new AcmeTransportError('timeout', 'no answer'));
  await assert.rejects(operator.rollover(), /run this again/u);
  ca.onCall = () => undefined;
  assert.equal(await operator.rollover(), 0);
  await operator.requireWhole('after');
});

test('an account is shown, closed only when that is said, and the issuer then says so', async (t) => {
  const operator = await Operator.start(t);
  const { acme } = operator;
  const cluster = operator.cluster();
  const out = (text: string): void => void (operator.out += text);
  assert.equal(await showAccount(cluster, 'clusterissuer/acme', 'text', out), 0);
  assert.match(operator.out, /Account: +https:\/\/ca\.example\/acct\/1\nStatus: +valid\nContact: +none\n/u);
  assert.match(operator.out, /Key: +ECDSA P-256, Secret kube-system\/account entry tls\.key\n/u);
  assert.doesNotMatch(operator.out, /PRIVATE KEY/u);

  const no = deactivateAccount(cluster, 'acme', { yes: false, format: 'text' }, out);
  await assert.rejects(
    no,
    /closes account https:\/\/ca\.example\/acct\/1 of ClusterIssuer acme for good.*--yes/u,
  );
  assert.equal(acme.ca.count('deactivateAccount'), 0);
  operator.out = '';
  assert.equal(await deactivateAccount(cluster, 'acme', { yes: true, format: 'json' }, out), 0);
  assert.equal((JSON.parse(operator.out) as { status: string }).status, 'deactivated');
  await acme.world.settle();
  const ready = (await acme.getIssuer()).status?.conditions?.[0];
  assert.equal(ready?.status, 'False');
  assert.match(ready?.message ?? '', /is deactivated, which is final\. Remove Secret kube-system\/account/u);
  operator.out = '';
  assert.equal(await showAccount(cluster, 'acme', 'json', out), 1);
  assert.equal((JSON.parse(operator.out) as { ready: boolean }).ready, false);

  const pem = encodePrivateKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const metadata = { annotations: { 'certwright.dev/account-deactivated': null } };
  const data = { 'tls.key': Buffer.from(pem).toString('base64') };
  const byTest = { fieldManager: 'test' };
  await acme.world.user.patch<Secret>(secrets, account, 'merge', { metadata, data }, byTest);
  await acme.world.settle();
  assert.equal(
    (await acme.getIssuer()).status?.acme?.uri,
    'https://ca.example/acct/2',
    'a new key, a new account',
  );
});

test('names that mean nothing, or two things, are told', async (t) => {
  const operator = await Operator.start(t);
  const { world } = operator.acme;
  const show = (name: string): Promise<number> =>
    showAccount(operator.cluster(), name, 'text', () => undefined);
  await assert.rejects(show('issuer/acme'), /there is no Issuer acme in namespace shop/u);
  await assert.rejects(show('nobody'), /no Issuer nobody in namespace shop and no ClusterIssuer nobody/u);
  await assert.rejects(show('a/b/c'), /write clusterissuer\/NAME/u);
  await world.clusterIssuer('own', { selfSigned: {} });
  await assert.rejects(show('own'), /ClusterIssuer own is no ACME issuer/u);
  const elsewhere = { ...operator.cluster(), clusterResourceNamespace: 'elsewhere' };
  await assert.rejects(
    showAccount(elsewhere, 'acme', 'text', () => undefined),
    /--cluster-resource-namespace/u,
  );
});

test('what is used of the limits of a CA is shown from where the controller keeps it, with the Orders that wait', async (t) => {
  const operator = await Operator.start(t);
  const { world, ca } = operator.acme;
  let printed = '';
  const budget = (format: 'text' | 'json'): Promise<number> => {
    printed = '';
    return showBudget(operator.cluster(), 'acme', format, (text) => void (printed += text));
  };
  assert.equal(await budget('text'), 0);
  assert.match(
    printed,
    /Counted: +nothing yet\n[^]*has not written down what it counts, nor its caLimits[^]*No limits of this CA are known here/u,
  );

  const limit = {
    name: 'certificates',
    counts: 'certificate',
    per: 'registered-domain',
    allowed: 2,
    windowSeconds: 3600,
  };
  const limits = readCaLimits([{ ca: 'ours', directories: [fakeServer], limits: [limit] }]);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const kept = await openBudget({
    client: world.user,
    namespace: 'kube-system',
    limits,
    clock: world.clock,
    log,
  });
  const url = [...ca.accounts.values()][0]?.url ?? '';
  for (const id of ['1', '2'])
    kept.budget.issued(
      {
        id,
        directory: fakeServer,
        account: url,
        identifiers: [{ type: 'dns', value: `${id}.example.com` }],
        replaces: false,
      },
      world.clock.now(),
    );
  await kept.close();
  await operator.acme.certificate('held', ['held.example.com']);
  const order = await operator.acme.order();
  const nextAttemptAt = new Date(world.clock.now() + hour).toISOString();
  const status = { nextAttemptAt, reason: 'ours: certificates is used up' };
  const key = { namespace, name: order.metadata?.name ?? '' };
  await world.user.patch(orders, key, 'merge', { status }, { fieldManager: 'test', subresource: 'status' });
  assert.equal(await budget('text'), 0);
  assert.match(printed, /certificates +example\.com +0 of 2 in 1h +in (?:1h|\d+m \d+s) /u);
  assert.match(printed, /Waiting Orders:\n {2}shop\/held-1-\d+: in .*: ours: certificates is used up\n/u);
  assert.equal(await budget('json'), 0);
  const facts = JSON.parse(printed) as {
    limits: { subject: string; available: number }[];
    waiting: unknown[];
  };
  assert.deepEqual(
    facts.limits.map(({ subject, available }) => [subject, available]),
    [['example.com', 0]],
  );
  assert.equal(facts.waiting.length, 1);
});
