/** What an operator asks of a real CA: account shown, re-keyed through deaths of who does it, revoked, closed. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ClusterIssuer } from '../../src/api/issuer.ts';
import type { Secret } from '../../src/api/core.ts';
import { clusterIssuers, secrets } from '../../src/api/resources.ts';
import { deactivateAccount } from '../../src/cli/acme/operator/account-deactivate.ts';
import { rolloverAccount } from '../../src/cli/acme/operator/account-rollover.ts';
import { showAccount } from '../../src/cli/acme/operator/account-show.ts';
import { showBudget } from '../../src/cli/acme/operator/budget.ts';
import type { Cluster } from '../../src/cli/acme/operator/cluster.ts';
import { revoke } from '../../src/cli/acme/operator/revoke.ts';
import { certificateStatus } from '../../src/cli/acme/status/status.ts';
import { openAccounts } from '../../src/issuers/acme/open-account.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { OrdersWorld, namespace } from './acme-orders-world.ts';

class Killed extends Error {}

function clusterOf(client: KubeClient): Cluster {
  const now = (): number => systemClock.now();
  return {
    client,
    // Pauses are for processes that nobody waits for; the shortest that still lets controllers work.
    clock: { now, after: (ms, task) => systemClock.after(Math.min(ms, 200), task) },
    random: Math.random,
    namespace,
    clusterResourceNamespace: 'system',
    open: openAccounts({ userAgent: 'certwright/test', now, random: Math.random }),
    signal: new AbortController().signal,
  };
}

/** Dies instead of its second patch of the Secret: the CA has the key, and nobody has written that down. */
function dying(client: KubeClient): KubeClient {
  let patches = 0;
  return new Proxy(client, {
    get(target, property) {
      if (property === 'patch')
        return (...args: Parameters<KubeClient['patch']>) =>
          ++patches === 2 ? Promise.reject(new Killed()) : target.patch(...args);
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

test('Pebble: an account is re-keyed although who does it dies, its certificates revoked, and it is closed', async (t) => {
  await using world = await OrdersWorld.start();
  await world.issuer();
  await world.certificate('web', { dnsNames: ['web.example.test'] });
  await world.chain('web');
  const cluster = clusterOf(world.client);
  let printed = '';
  const out = (text: string): void => void (printed += text);
  const answer = async (run: Promise<number>): Promise<[code: number, text: string]> => {
    printed = '';
    return [await run, printed];
  };
  const uri = async (): Promise<string | undefined> =>
    (await world.client.get<ClusterIssuer>(clusterIssuers, { name: 'acme' })).status?.acme?.uri;
  const account = await uri();

  const [shown, text] = await answer(showAccount(cluster, 'acme', 'text', out));
  assert.equal(shown, 0);
  assert.ok(text.includes(`Account:     ${account}\nStatus:      valid\n`), text);

  for (const key of [{ algorithm: 'RSA' }, { algorithm: 'ECDSA', size: 384 }]) {
    const rollover = (with_: Cluster): Promise<number> =>
      rolloverAccount(with_, 'acme', { key, format: 'json' }, { out, err: () => undefined });
    await assert.rejects(rollover(clusterOf(dying(world.client))), Killed);
    const pending = await world.client.get<Secret>(secrets, { namespace: 'system', name: 'acme-account' });
    assert.ok(pending.data?.['tls.key.next'] !== undefined);
    const [code, facts] = await answer(rollover(cluster));
    assert.equal(code, 0);
    assert.equal((JSON.parse(facts) as { adopted: boolean }).adopted, true, facts);
    assert.equal(await uri(), account, 'the account is the same');
  }
  await world.certificate('later', { dnsNames: ['later.example.test'] });
  await world.chain('later');
  await world.certificate('last', { dnsNames: ['last.example.test'] });
  await world.chain('last');

  const [known, budget] = await answer(showBudget(cluster, 'acme', 'text', out));
  assert.equal(known, 0);
  assert.match(budget, /No limits of this CA are known/u);
  const [ready, status] = await answer(certificateStatus(cluster, 'later', 'text', out));
  assert.equal(ready, 0);
  assert.match(
    status,
    /^Certificate: +shop\/later: Ready, valid until .*renews .*\nIssuer: +ClusterIssuer acme: Ready\n/u,
  );

  const reason = 'superseded' as const;
  const [revoked, said] = await answer(revoke(cluster, 'later', { reason, format: 'text' }, out));
  assert.equal(revoked, 0);
  assert.match(
    said,
    /^Revoked: +serial [0-9a-f]+, later\.example\.test\nBy: +ClusterIssuer acme\nReason: +superseded\n/u,
  );
  const folder = await mkdtemp(join(tmpdir(), 'revoke-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'web.pem');
  const web = await world.client.get<Secret>(secrets, { namespace, name: 'web' });
  await writeFile(file, Buffer.from(web.data?.['tls.crt'] ?? '', 'base64'));
  const byFile = { reason, format: 'json', issuer: 'clusterissuer/acme' } as const;
  assert.equal((await answer(revoke(cluster, file, byFile, out)))[0], 0);
  const [twice, again] = await answer(revoke(cluster, file, byFile, out));
  assert.equal(twice, 0);
  assert.equal((JSON.parse(again) as { alreadyRevoked: boolean }).alreadyRevoked, true);
  await assert.rejects(revoke(cluster, file, { reason, format: 'text' }, out), /--issuer/u);

  assert.equal((await answer(deactivateAccount(cluster, 'acme', { yes: true, format: 'text' }, out)))[0], 0);
  await world.issuerSays(/^False .*(?:deactivated|unauthorized)/u);
  // RFC 8555 §7.6: what no account can take back any more, the certificate's own key can.
  const last = { reason: 'superseded', format: 'text' } as const;
  await assert.rejects(revoke(cluster, 'last', last, out), /--namespace shop --by-certificate-key$/u);
  const [byKey, how] = await answer(revoke(cluster, 'last', { ...last, byCertificateKey: true }, out));
  assert.equal(byKey, 0);
  assert.match(how, /By: +ClusterIssuer acme, with the certificate's own key\n/u);
  assert.deepEqual(world.problems, []);
});
