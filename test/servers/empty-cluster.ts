/** A cluster as a world expects to find it: our definitions, its namespaces, and nothing that an earlier world left. */
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../src/api/meta.ts';
import {
  certificateRequests,
  certificates,
  certificateSigningRequests,
  challenges,
  clusterIssuers,
  configMaps,
  customResourceDefinitions as definitions,
  events,
  issuers,
  namespaces,
  orders,
  secrets,
  type ResourceType,
} from '../../src/api/resources.ts';
import { endpointSlices, pods, services } from '../../src/api/workloads.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { AlreadyExistsError, NotFoundError } from '../../src/kube/errors.ts';
import { until } from '../cluster/until.ts';
import { ingresses } from './load-objects.ts';

const write = { fieldManager: 'test' };
/** Kubernetes' own, which stay. */
const KUBERNETES_OWN = /^kube-|^kubernetes$|^extension-apiserver-authentication$|^cluster-info$/u;

interface Definition extends KubeObject {
  spec: {
    group: string;
    scope: string;
    names: { plural: string; singular?: string; kind: string };
    versions: { name: string; storage: boolean }[];
  };
  status?: { conditions?: { type: string; status: string }[] };
}

/** Deletes the objects of our kinds, of kinds that tests defined (Gateways make Certificates), and the Secrets, Events and ConfigMaps that nobody else needs. */
export async function emptyCluster(client: KubeClient): Promise<void> {
  const defined = (await client.list<Definition>(definitions)).items;
  const foreign = defined
    .filter(({ spec }) => !spec.group.endsWith('cert-manager.io'))
    .map(({ spec }): ResourceType => {
      const { plural, singular = plural, kind } = spec.names;
      const version = spec.versions.find(({ storage }) => storage)?.name ?? 'v1';
      return { group: spec.group, version, kind, plural, singular, namespaced: spec.scope === 'Namespaced' };
    });
  const core = [
    ingresses,
    certificates,
    certificateRequests,
    orders,
    challenges,
    pods,
    services,
    endpointSlices,
    issuers,
    clusterIssuers,
    certificateSigningRequests,
    secrets,
    events,
    configMaps,
  ];
  // Owners first: what they own goes with them, whoever is faster.
  for (const type of [...foreign, ...core])
    await until(`${type.plural} are gone`, async () => {
      const { items } = await client.list<KubeObject>(type, { metadataOnly: true });
      const left = items.filter((object) => !KUBERNETES_OWN.test(object.metadata?.name ?? ''));
      await Promise.all(left.map((object) => remove(client, type, object)));
      return left.length === 0;
    });
}

async function remove(client: KubeClient, type: ResourceType, { metadata }: KubeObject): Promise<void> {
  const { name = '', namespace, finalizers = [], deletionTimestamp } = metadata ?? {};
  const key = { name, namespace };
  try {
    if (finalizers.length > 0)
      await client.patch(type, key, 'merge', { metadata: { finalizers: null } }, write);
    if (deletionTimestamp === undefined) await client.delete(type, key);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
}

/** Applies the definitions that are not there as they should be, and waits until each is served. */
export async function ensureDefinitions(client: KubeClient, wanted: readonly KubeObject[]): Promise<void> {
  const there = new Map(
    (await client.list<Definition>(definitions)).items.map((one) => [one.metadata?.name, one]),
  );
  const established = ({ status }: Definition): boolean =>
    status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True') ??
    false;
  for (const one of wanted as readonly Definition[]) {
    const name = one.metadata?.name ?? '';
    const found = there.get(name);
    if (found !== undefined && established(found) && isDeepStrictEqual(plain(found), plain(one))) continue;
    await client.apply(definitions, one, { ...write, force: true });
    await until(`${name} is established`, async () =>
      established(await client.get<Definition>(definitions, { name })),
    );
  }
}

/** What a definition says of its kinds; the server adds defaults elsewhere. */
function plain({ spec }: Definition): unknown {
  return spec.versions;
}

export async function ensureNamespaces(client: KubeClient, names: readonly string[]): Promise<void> {
  for (const name of names)
    await until(`namespace ${name} is there`, async () => {
      try {
        const { metadata } = await client.get<KubeObject>(namespaces, { name });
        return metadata?.deletionTimestamp === undefined;
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
      }
      await client
        .create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, write)
        .catch((error: unknown) => {
          if (!(error instanceof AlreadyExistsError)) throw error;
        });
      return false;
    });
}
