/** What cert-manager 1.21 left in flight: found, not made again, finished, and of the same shape as ours. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Challenge } from '../../../src/api/challenge.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { ingresses } from '../../../src/api/networking.ts';
import { challenges } from '../../../src/api/resources.ts';
import type { Ingress } from '../../../src/api/routes.ts';
import { pods, services, type Pod, type Service } from '../../../src/api/workloads.ts';
import { solverIngress, withSolverPath } from '../../../src/solvers/http01/solver-ingress.ts';
import { solverPod } from '../../../src/solvers/http01/solver-pod.ts';
import { podService } from '../../../src/solvers/http01/solver-service.ts';
import { defaultAcmeSettings, type Http01Settings } from '../../../src/solvers/settings.ts';
import { Http01World, namespace } from './http01-world.ts';

const folder = path.resolve(import.meta.dirname, '../../../../shared/fixtures/cert-manager-1.21-acme');
const at = { resourceNamespace: 'cert-manager', ambient: false };

interface Left {
  challenge: Challenge;
  pod: Pod;
  service: Service;
  ingress: Ingress;
}

function read<T extends KubeObject>(name: string): T[] {
  return (JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')) as { items: T[] }).items;
}

/** The Challenge of a name, with what was made for it. Undefined where the facts are not here. */
function left(t: TestContext, dnsName: string, ingressName?: string): Left | undefined {
  if (!existsSync(folder)) {
    t.diagnostic('left out: ../shared/fixtures/cert-manager-1.21-acme is not here');
    return undefined;
  }
  const challenge = read<Challenge>('challenges').find(({ spec }) => spec.dnsName === dnsName);
  const own = ({ metadata }: KubeObject): boolean =>
    metadata?.ownerReferences?.[0]?.uid === challenge?.metadata?.uid;
  const pod = read<Pod>('pods').find(own);
  const service = read<Service>('services').find(own);
  const ingress = read<Ingress>('ingresses').find((one) =>
    ingressName === undefined ? own(one) : one.metadata?.name === ingressName,
  );
  assert.ok(challenge && pod && service && ingress);
  return { challenge, pod, service, ingress };
}

function settingsOf({ pod }: Left): Http01Settings {
  const { http01 } = defaultAcmeSettings;
  return { ...http01, pod: { ...http01.pod, image: pod.spec?.containers[0]?.image ?? '' } };
}

/** Fails where `made` has something else than `stored`, or where it lacks what no API server adds by itself. */
function sameShape(made: unknown, stored: unknown, added: readonly string[], at = ''): void {
  if (Array.isArray(made) && Array.isArray(stored)) {
    assert.equal(made.length, stored.length, at);
    made.forEach((one, index) => sameShape(one, stored[index], added, `${at}[${index}]`));
  } else if (typeof made === 'object' && made !== null) {
    const theirs = stored as Record<string, unknown>;
    for (const [key, value] of Object.entries(made)) sameShape(value, theirs[key], added, `${at}.${key}`);
    const more = Object.keys(theirs).filter((key) => !(key in made) && !added.includes(key));
    assert.deepEqual(more, [], `${at} lacks`);
  } else assert.deepEqual(made, stored, at);
}

/** What API server and admission fill in. */
const ofServer = {
  metadata: ['creationTimestamp', 'generation', 'name', 'resourceVersion', 'uid', 'managedFields'],
  object: ['status'],
  pod: [
    'dnsPolicy',
    'preemptionPolicy',
    'priority',
    'schedulerName',
    'terminationGracePeriodSeconds',
    'tolerations',
    'terminationMessagePath',
    'terminationMessagePolicy',
  ],
  service: [
    'clusterIP',
    'clusterIPs',
    'externalTrafficPolicy',
    'internalTrafficPolicy',
    'ipFamilies',
    'ipFamilyPolicy',
    'sessionAffinity',
    'nodePort',
  ],
};

test('Pod, Service and Ingress have the shape that cert-manager gave them', (t) => {
  const found = left(t, 'stuck.example.com');
  if (found === undefined) return;
  const { challenge, pod, service, ingress } = found;
  const settings = settingsOf(found);
  const common = [...ofServer.metadata, ...ofServer.object];
  sameShape(solverPod(challenge, settings), pod, [...common, ...ofServer.pod]);
  sameShape(podService(challenge, settings), service, [...common, ...ofServer.service]);
  sameShape(solverIngress(challenge, service.metadata?.name ?? '', settings), ingress, common);
});

test('an Ingress that cert-manager has edited needs no edit', (t) => {
  const found = left(t, 'web.example.com', 'web');
  if (found === undefined) return;
  const { challenge, service, ingress } = found;
  const edited = withSolverPath(ingress, challenge, service.metadata?.name ?? '', settingsOf(found));
  assert.equal(edited, undefined);
});

for (const [dnsName, name] of [
  ['stuck.example.com', undefined],
  ['web.example.com', 'web'],
] as const)
  test(`the solver of ${dnsName} is taken over: nothing is made, everything is taken away`, async (t) => {
    const found = left(t, dnsName, name);
    if (found === undefined) return;
    const world = await Http01World.start(t);
    const { uid: old, ownerReferences: _order, ...metadata } = found.challenge.metadata ?? {};
    const challenge = await world.user.create<Challenge>(
      challenges,
      { ...found.challenge, metadata: { name: metadata.name ?? '', namespace } },
      { fieldManager: 'test' },
    );
    const store = async (object: KubeObject, type: typeof pods): Promise<void> => {
      const { name: own = '', labels, annotations, ownerReferences } = object.metadata ?? {};
      const owners = ownerReferences?.map((one) => ({
        ...one,
        uid: one.uid === old ? (challenge.metadata?.uid ?? '') : one.uid,
      }));
      await world.user.create(
        type,
        {
          ...object,
          metadata: {
            name: own,
            namespace,
            ...(labels === undefined ? {} : { labels }),
            ...(annotations === undefined ? {} : { annotations }),
            ...(owners === undefined ? {} : { ownerReferences: owners }),
          },
        },
        { fieldManager: 'test' },
      );
    };
    await store(found.pod, pods);
    await store(found.service, services);
    await store(found.ingress, ingresses);
    await world.synced();
    const solver = world.solver();
    await solver.present({ challenge, ...at });
    assert.deepEqual(world.calls, name === undefined ? [] : ['get ingresses']);
    await solver.cleanUp({ challenge, ...at });
    assert.deepEqual(await world.list(pods), []);
    assert.deepEqual(await world.list(services), []);
    const routes = await world.list<Ingress>(ingresses);
    assert.ok(!JSON.stringify(routes.map(({ spec }) => spec)).includes('acme-challenge'));
    assert.equal(routes.length, name === undefined ? 0 : 1);
  });
