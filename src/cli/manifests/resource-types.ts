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
import { NotFoundError } from '../../kube/errors.ts';
import type { FieldSchema } from './known-fields.ts';
import { nearest } from './suggest.ts';

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
    versions?: { name?: string; served?: boolean; schema?: { openAPIV3Schema?: FieldSchema } }[];
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

  /** Undefined for kinds that are part of the API server itself. */
  async schemaOf(type: ResourceType): Promise<FieldSchema | undefined> {
    const name = `${type.plural}.${type.group}`;
    try {
      const { spec } = await this.#client.get<Definition>(customResourceDefinitions, { name });
      return spec?.versions?.find((version) => version.name === type.version)?.schema?.openAPIV3Schema;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** What to write instead of a kind that is not served. `hopeless`: no definition can come that brings it. */
  adviceFor(apiVersion: string, kind: string): { field: string; message: string; hopeless: boolean } {
    const group = groupOf(apiVersion);
    const hopeless = known.some((type) => type.group === group);
    const problem = `the API serves no kind ${kind} in ${apiVersion}`;
    const versions = this.all.filter((type) => type.group === group && type.kind === kind).map(apiVersionOf);
    if (versions.length > 0)
      return {
        field: 'apiVersion',
        message: `${problem}; ${versions.join(', ')} is served: write that`,
        hopeless,
      };
    const kinds = this.all.filter((type) => type.group === group).map((type) => type.kind);
    const guess = nearest(kind, kinds);
    const elsewhere = this.all.find((type) => type.kind === kind);
    let advice = '';
    if (guess !== undefined) advice = `; did you mean ${JSON.stringify(guess)}?`;
    else if (elsewhere !== undefined) advice = `; ${kind} is one of ${apiVersionOf(elsewhere)}`;
    else if (hopeless) advice = `; it has ${kinds.join(', ')}`;
    if (!hopeless) advice += '; it is tried again until its CustomResourceDefinition is there';
    return { field: 'kind', message: `${problem}${advice}`, hopeless };
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

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

function keyOf(apiVersion: string, kind: string): string {
  return `${apiVersion}|${kind}`;
}
