/** `certwright up` and `certwright controller` over one API: one of them works, and each is who it says it is. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { Agent, request } from 'undici';
import { smallFleet, start, up, workspace } from './cli/run-cli.ts';

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { token: string } }[];
}

test('a controller that is pointed at the API of up stands by, and says who works', async (t) => {
  const folder = workspace(t, { 'manifests/fleet.yaml': smallFleet });
  const running = up(t, folder);
  await running.seen(/Try next/);
  const kubeconfig = join(folder, 'data/kubeconfig');
  const controller = start(t, ['controller', '--kubeconfig', kubeconfig, '--log-format', 'text']);
  const said = await controller.seen(/certwright-up holds the lease/);
  assert.doesNotMatch(said, /at work/);

  const get = await client(kubeconfig);
  const lease = await get(
    '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cert-manager-controller',
  );
  assert.equal(lease.spec?.['holderIdentity'], 'certwright-up');
  const requests = await get('/apis/cert-manager.io/v1/namespaces/shop/certificaterequests');
  const spec = requests.items?.[0]?.spec ?? assert.fail('no request');
  assert.equal(spec['username'], 'system:serviceaccount:cert-manager:certwright');
  assert.deepEqual(spec['groups'], [
    'system:serviceaccounts',
    'system:serviceaccounts:cert-manager',
    'system:authenticated',
  ]);

  running.child.kill('SIGKILL');
  await running.ended;
  const again = up(t, folder);
  await again.seen(/Try next/);
  controller.child.kill('SIGTERM');
  assert.equal((await controller.ended).code, 0);
  again.child.kill('SIGTERM');
  assert.equal((await again.ended).code, 0);
  assert.equal(statSync(join(folder, 'data/lock.db')).mode & 0o777, 0o600);
});

test('up takes the pauses after failures as controller does', async (t) => {
  const folder = workspace(t, { 'manifests/none.yaml': '' });
  const flags = ['--certificate-request-minimum-backoff-duration', '2h'];
  const run = await up(t, folder, ...flags, '--certificate-request-maximum-backoff-duration', '1h').ended;
  assert.equal(run.code, 2);
  assert.match(run.err, /--certificate-request-maximum-backoff-duration "1h": must not be shorter than/);
  assert.equal((await up(t, folder, ...flags, '--once').ended).code, 0);
});

interface Answer {
  spec?: Record<string, unknown>;
  items?: { spec?: Record<string, unknown> }[];
}

async function client(kubeconfig: string): Promise<(path: string) => Promise<Answer>> {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const { cluster } = clusters[0] ?? assert.fail('no cluster');
  const ca = Buffer.from(cluster['certificate-authority-data'], 'base64').toString();
  const dispatcher = new Agent({ connect: { ca } });
  return async (path) => {
    const authorization = `Bearer ${users[0]?.user.token}`;
    const { body } = await request(cluster.server + path, { dispatcher, headers: { authorization } });
    return (await body.json()) as Answer;
  };
}
