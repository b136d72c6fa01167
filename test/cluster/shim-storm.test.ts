/** Five hundred Ingresses of three hosts at once on the real API server, with what they cost by its audit log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from '../../src/api/certificate.ts';
import { ingresses } from '../../src/api/networking.ts';
import { certificates } from '../../src/api/resources.ts';
import type { AuditEntry } from '../../tools/apiserver/audit.ts';
import { annotated, ShimWorld, type Texts } from '../embedded/shim/shim-world.ts';
import { namespace } from '../embedded/standalone-world.ts';
import { sharedCluster } from './lane.ts';
import { until } from './until.ts';

const count = 500;
const names = Array.from({ length: count }, (_, i) => `app${i}`);

/** Garbage collection deletes under a name of the system's. */
const isOfShim = ({ requestUri, resource, user, verb }: AuditEntry): boolean =>
  resource === 'certificates' &&
  !user.startsWith('system:') &&
  (requestUri.includes('fieldManager=cert-manager-ingress-shim') ||
    (verb === 'delete' && !requestUri.includes('?')));

test('500 Ingresses created, changed and deleted', async (t) => {
  const { audit } = await sharedCluster();
  const it = await ShimWorld.start(t);
  const cached = it.world.controllers.informers.certificates;
  const put = (name: string, annotations: Texts): Promise<void> => {
    const hosts = ['', 'www.', 'api.'].map((prefix) => `${prefix}${name}.example.com`);
    return it.ingress(name, [{ hosts, secretName: `${name}-tls` }], annotations);
  };
  const every = (holds: (certificate: Certificate) => boolean): Promise<boolean> =>
    Promise.resolve(cached.size === count && [...cached.values()].every(holds));
  let since = await audit.mark();
  /** Writes of the shim since the last phase; reports what everybody asked, for each Ingress. */
  const phase = async (what: string): Promise<Record<string, number>> => {
    await it.world.settle();
    const entries = await audit.entries({ since });
    since = await audit.mark();
    const all: Record<string, number> = {};
    const ours: Record<string, number> = {};
    for (const entry of entries) {
      if (['watch', 'list', 'get'].includes(entry.verb)) continue;
      const line = `${entry.verb} ${entry.resource}${entry.subresource === '' ? '' : `/${entry.subresource}`}`;
      all[line] = (all[line] ?? 0) + 1;
      if (isOfShim(entry)) ours[entry.verb] = (ours[entry.verb] ?? 0) + 1;
    }
    const each = Object.entries(all).map(([line, times]) => `${line} ${(times / count).toFixed(2)}`);
    t.diagnostic(`${what}, writes for each Ingress: ${each.join(', ')}`);
    return ours;
  };

  await Promise.all(names.map((name) => put(name, annotated)));
  await until('every Certificate is Ready', () =>
    every(
      ({ status }) =>
        status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true,
    ),
  );
  assert.deepEqual(await phase('created'), { create: count });
  const { items } = await it.world.user.list<Certificate>(certificates, { namespace });
  assert.equal(new Set(items.map(({ spec }) => spec.secretName)).size, count);

  const changed = {
    ...annotated,
    'cert-manager.io/secret-template': '{"labels":{"team":"a"}}',
    'cert-manager.io/duration': '720h',
  };
  await Promise.all(names.map((name) => put(name, changed)));
  await until('every Certificate has changed', () =>
    every(({ spec }) => spec.duration === '720h0m0s' && spec.secretTemplate?.labels?.['team'] === 'a'),
  );
  assert.deepEqual(await phase('changed'), { patch: count });

  await Promise.all(names.map((name) => it.remove(ingresses, name)));
  await until('every Certificate is gone', () => Promise.resolve(cached.size === 0));
  assert.deepEqual(await phase('deleted'), {});
  assert.deepEqual(it.world.problems, []);
});
