/** Finds the resource behind apiVersion and kind: ours from a table, any other from its CustomResourceDefinition. */
import type { KubeObject } from '../../api/meta.ts';
import {
  apiVersionOf,
  certificateRequests,
  certificates,
  challenges,
  clusterIssuers,
  configMaps,
  customResourceDefinitions,
  events,
  issuers,
  leases,
  namespaces,
  orders,
  secrets,
  serviceAccounts,
  type ResourceType,
} from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';

const known: readonly ResourceType[] = [
  namespaces,
  customResourceDefinitions,
  secrets,
  configMaps,
  serviceAccounts,
  clusterIssuers,
  issuers,
  certificates,
  certificateRequests,
  orders,
  challenges,
  leases,
  events,
];

interface Definition extends KubeObject {
  spec?: {
    group?: string;
    scope?: string;
    names?: { kind?: string; plural?: string; singular?: string };
    versions?: { name?: string; served?: boolean }[];
  };
}

export class ResourceTypes {
  readonly #client: KubeClient;
  #types = new Map<string, ResourceType>(known.map((type) => [keyOf(apiVersionOf(type), type.kind), type]));

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Undefined when the server serves no such kind (yet). */
  async find(apiVersion: string, kind: string): Promise<ResourceType | undefined> {
    const key = keyOf(apiVersion, kind);
    if (!this.#types.has(key)) await this.refresh();
    return this.#types.get(key);
  }

  /** Every kind that is known now, ours first. */
  get all(): readonly ResourceType[] {
    return [...new Set(this.#types.values())];
  }

  /** Learns the definitions that the server holds. */
  async refresh(): Promise<void> {
    const { items } = await this.#client.list<Definition>(customResourceDefinitions);
    for (const { spec } of items) {
      const { group, scope, names, versions } = spec ?? {};
      if (group === undefined || names?.kind === undefined || names.plural === undefined) continue;
      for (const version of versions ?? []) {
        if (version.name === undefined || version.served !== true) continue;
        const key = keyOf(`${group}/${version.name}`, names.kind);
        if (this.#types.has(key)) continue;
        this.#types.set(key, {
          group,
          version: version.name,
          kind: names.kind,
          plural: names.plural,
          singular: names.singular ?? names.kind.toLowerCase(),
          namespaced: scope === 'Namespaced',
        });
      }
    }
  }
}

function keyOf(apiVersion: string, kind: string): string {
  return `${apiVersion}|${kind}`;
}
