/** kubeconfig files: merging the KUBECONFIG list and finding the cluster and user of a context. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { ConfigurationError } from './errors.ts';
import type { Host } from './host.ts';

export interface ClusterConfig {
  server: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'tls-server-name'?: string;
  'proxy-url'?: string;
  extensions?: { name: string; extension: unknown }[];
}

export interface UserConfig {
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  exec?: {
    apiVersion?: string;
    command?: string;
    args?: string[] | null;
    env?: { name: string; value: string }[] | null;
    installHint?: string;
    provideClusterInfo?: boolean;
  };
  'auth-provider'?: unknown;
}

/** One context with everything it refers to; file names are absolute. */
export interface KubeContext {
  name: string;
  /** The context's namespace, `default` when it names none. */
  namespace: string;
  cluster: ClusterConfig;
  user: UserConfig;
}

interface ContextConfig {
  cluster?: string;
  user?: string;
  namespace?: string;
}

interface Merged {
  currentContext: string;
  clusters: Map<string, ClusterConfig>;
  users: Map<string, UserConfig>;
  contexts: Map<string, ContextConfig>;
}

/**
 * Reads `explicit`, else the files of `KUBECONFIG`, else `~/.kube/config`. The first file that names a thing wins, as
 * kubectl has it; files of the list may be missing, but not all of them.
 *
 * Rejects with ConfigurationError naming the file, context, cluster or user at fault.
 */
export async function loadKubeContext(
  host: Host,
  options: { file?: string; context?: string } = {},
): Promise<KubeContext> {
  const files = candidates(host, options.file);
  const merged: Merged = { currentContext: '', clusters: new Map(), users: new Map(), contexts: new Map() };
  let found = 0;
  for (const file of files) {
    let text: string;
    try {
      text = await host.readFile(file);
    } catch (cause) {
      const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
      if (missing && options.file === undefined) continue;
      throw new ConfigurationError(`the kubeconfig ${file} cannot be read`, { cause });
    }
    found++;
    merge(merged, text, file);
  }
  if (found === 0) throw new ConfigurationError(`there is no kubeconfig: looked for ${files.join(', ')}`);

  const name = options.context ?? merged.currentContext;
  if (name === '')
    throw new ConfigurationError(`${files.join(', ')}: no current-context is set and none was asked for`);
  const context = merged.contexts.get(name);
  if (context === undefined) {
    const known = [...merged.contexts.keys()].join(', ');
    throw new ConfigurationError(`there is no context named ${name}; known are: ${known || 'none'}`);
  }
  const cluster = merged.clusters.get(context.cluster ?? '');
  if (cluster === undefined)
    throw new ConfigurationError(
      `context ${name} refers to cluster ${context.cluster}, which no kubeconfig describes`,
    );
  if (typeof cluster.server !== 'string' || !URL.canParse(cluster.server))
    throw new ConfigurationError(`cluster ${context.cluster}: server is not a URL`);
  const user = context.user === undefined || context.user === '' ? {} : merged.users.get(context.user);
  if (user === undefined)
    throw new ConfigurationError(
      `context ${name} refers to user ${context.user}, which no kubeconfig describes`,
    );
  return { name, namespace: context.namespace || 'default', cluster, user };
}

function candidates(host: Host, explicit: string | undefined): string[] {
  if (explicit !== undefined) return [resolve(explicit)];
  const listed = (host.env['KUBECONFIG'] ?? '').split(':').filter((file) => file !== '');
  return listed.length > 0 ? [...new Set(listed)] : [join(host.homeDirectory, '.kube', 'config')];
}

function merge(merged: Merged, text: string, file: string): void {
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    // Not attached as cause: a YAML error quotes the lines around it, which may hold a token.
    const line = (error as { linePos?: { line: number }[] }).linePos?.[0]?.line;
    throw new ConfigurationError(
      `the kubeconfig ${file} is not YAML${line === undefined ? '' : ` (line ${line})`}`,
    );
  }
  // An empty file is a valid, empty kubeconfig.
  const root = (document ?? {}) as Record<string, unknown>;
  if (typeof root !== 'object' || Array.isArray(root))
    throw new ConfigurationError(`the kubeconfig ${file} holds no mapping`);
  const current = root['current-context'];
  if (merged.currentContext === '' && typeof current === 'string') merged.currentContext = current;

  const directory = dirname(resolve(file));
  for (const [name, cluster] of named<ClusterConfig>(root['clusters'], 'cluster', file))
    if (!merged.clusters.has(name))
      merged.clusters.set(name, absolute(cluster, ['certificate-authority'], directory));
  for (const [name, user] of named<UserConfig>(root['users'], 'user', file))
    if (!merged.users.has(name)) {
      const placed = absolute(user, ['client-certificate', 'client-key', 'tokenFile'], directory);
      // Programs are looked up in PATH unless they are given with a directory.
      const { exec } = placed;
      if (exec?.command?.includes('/') === true)
        placed.exec = { ...exec, command: resolve(directory, exec.command) };
      merged.users.set(name, placed);
    }
  for (const [name, context] of named<ContextConfig>(root['contexts'], 'context', file))
    if (!merged.contexts.has(name)) merged.contexts.set(name, context);
}

function named<T extends object>(list: unknown, field: string, file: string): [string, T][] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw new ConfigurationError(`the kubeconfig ${file}: ${field}s is not a list`);
  return list.map((entry: unknown, index) => {
    const { name, [field]: value } = (entry ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || (typeof value !== 'object' && value !== undefined))
      throw new ConfigurationError(`the kubeconfig ${file}: ${field}s[${index}] has no name or no ${field}`);
    return [name, (value ?? {}) as T];
  });
}

function absolute<T extends object>(value: T, fields: (keyof T)[], directory: string): T {
  const copy = { ...value };
  for (const field of fields) {
    const path = copy[field];
    if (typeof path === 'string' && path !== '' && !isAbsolute(path))
      Object.assign(copy, { [field]: join(directory, path) });
  }
  return copy;
}
