/** Discovery: which groups, versions and resources there are, in the old form and the aggregated one. */
import { createHash } from 'node:crypto';
import { statusWritersOf, type ResourceEntry } from '../resources/resource-entry.ts';
import type { ResourceRegistry } from '../resources/resource-registry.ts';
import type { ApiRequest, ApiResponse } from './exchange.ts';

interface GroupVersion {
  group: string;
  version: string;
  entries: ResourceEntry[];
}

function groupVersions(registry: ResourceRegistry): GroupVersion[] {
  return [...registry.byGroupVersion().values()].map((entries) => ({
    group: entries[0]!.type.group,
    version: entries[0]!.type.version,
    entries,
  }));
}

/** GA before beta before alpha, higher numbers first (apimachinery version.CompareKubeAwareVersionStrings). */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [versionRank(a), versionRank(b)];
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return y[i]! - x[i]!;
  return a < b ? -1 : a > b ? 1 : 0;
}

function versionRank(version: string): number[] {
  const match = /^v(\d{1,9})(?:(alpha|beta)(\d{1,9}))?$/.exec(version);
  if (match === null) return [0, 0, 0];
  return [match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1, Number(match[1]), Number(match[3] ?? 0)];
}

function grouped(registry: ResourceRegistry): [string, GroupVersion[]][] {
  const groups = Map.groupBy(groupVersions(registry), ({ group }) => group);
  return [...groups].map(([group, versions]) => [
    group,
    versions.sort((a, b) => compareVersions(a.version, b.version)),
  ]);
}

function apiGroup(group: string, versions: readonly GroupVersion[]): object {
  const named = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: named, preferredVersion: named[0] };
}

function json(value: object, headers: Record<string, string> = {}): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...headers },
    body: `${JSON.stringify(value)}\n`,
  };
}

/** `/api`, `/apis` and what is directly below; undefined when the path is none of these or names nothing. */
export function discover(
  registry: ResourceRegistry,
  segments: readonly string[],
  request: ApiRequest,
): ApiResponse | undefined {
  const [root, group, version] = segments;
  if (segments.length === 1) {
    const aggregated = aggregatedVersion(request.headers['accept'] ?? '');
    if (aggregated !== undefined) return aggregate(registry, root === 'api', aggregated);
    if (root === 'api')
      return json({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
    const groups = grouped(registry).filter(([name]) => name !== '');
    return json({
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groups.map(([name, versions]) => apiGroup(name, versions)),
    });
  }
  if (root === 'api' && segments.length === 2) return resourceList(registry, '', group!);
  if (root !== 'apis') return undefined;
  if (segments.length === 2) {
    const found = grouped(registry).find(([name]) => name === group);
    return found === undefined
      ? undefined
      : json({ kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(found[0], found[1]) });
  }
  return segments.length === 3 ? resourceList(registry, group!, version!) : undefined;
}

function resourceList(registry: ResourceRegistry, group: string, version: string): ApiResponse | undefined {
  const entries = registry.byGroupVersion().get(`${group}/${version}`);
  if (entries === undefined) return undefined;
  const resources = entries.flatMap((entry) => {
    const { plural, singular, namespaced, kind, shortNames, categories } = entry.type;
    const item = {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs: [...entry.verbs].sort(),
      ...(shortNames === undefined || shortNames.length === 0 ? {} : { shortNames }),
      ...(categories === undefined || categories.length === 0 ? {} : { categories }),
    };
    const below = statusWritersOf(entry).map((name) => {
      return {
        name: `${plural}/${name}`,
        singularName: '',
        namespaced,
        kind,
        verbs: ['get', 'patch', 'update'],
      };
    });
    return [item, ...below];
  });
  return json({
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources,
  });
}

const AGGREGATED =
  /application\/json;\s*g=apidiscovery\.k8s\.io;\s*v=(v2|v2beta1);\s*as=APIGroupDiscoveryList/;

function aggregatedVersion(accept: string): string | undefined {
  for (const clause of accept.slice(0, 8192).split(',')) {
    const found = AGGREGATED.exec(clause.replaceAll(/\s/g, ''));
    if (found !== null) return found[1];
    if (clause.trim() === 'application/json') return undefined;
  }
  return undefined;
}

function aggregate(registry: ResourceRegistry, core: boolean, apiVersion: string): ApiResponse {
  const items = grouped(registry)
    .filter(([group]) => (group === '') === core)
    .map(([group, versions]) => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: versions.map(({ version, entries }) => ({
        version,
        freshness: 'Current',
        resources: entries.map((entry) => aggregatedResource(entry)),
      })),
    }));
  const body = {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${apiVersion}`,
    metadata: {},
    items,
  };
  const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('hex').toUpperCase()}"`;
  return json(body, {
    'content-type': `application/json;g=apidiscovery.k8s.io;v=${apiVersion};as=APIGroupDiscoveryList`,
    etag,
    vary: 'Accept',
  });
}

function aggregatedResource(entry: ResourceEntry): object {
  const { group, version, kind, plural, singular, namespaced, shortNames, categories } = entry.type;
  const responseKind = { group, version, kind };
  const below = statusWritersOf(entry).map((subresource) => {
    return { subresource, responseKind, verbs: ['get', 'patch', 'update'] };
  });
  return {
    resource: plural,
    responseKind,
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: [...entry.verbs].sort(),
    ...(shortNames === undefined || shortNames.length === 0 ? {} : { shortNames }),
    ...(categories === undefined || categories.length === 0 ? {} : { categories }),
    ...(below.length === 0 ? {} : { subresources: below }),
  };
}
