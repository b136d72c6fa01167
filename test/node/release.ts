/** Installing, changing and removing the chart as a user does it: with helm. */

import path from 'node:path';

import { eventually, get, IMAGE, inNode, kubectl } from './node.ts';

export const RELEASE = 'certwright';
export const NAMESPACE = 'certwright';
const chart = path.resolve(import.meta.dirname, '../../charts/certwright');

interface Pods {
  readonly items: readonly Pod[];
}

export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly qosClass: string;
    readonly containerStatuses?: readonly { readonly ready: boolean; readonly restartCount: number }[];
  };
}

/** `helm upgrade --install --wait`: it ends when every replica is ready. */
export async function install(values: Readonly<Record<string, string>> = {}): Promise<void> {
  const all = {
    'image.repository': IMAGE.repository,
    'image.tag': IMAGE.tag,
    'image.pullPolicy': 'Never',
    'resources.limits.memory': '128Mi',
    'config.gatewayAPI.enabled': 'true',
    ...values,
  };
  const sets = Object.entries(all).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const where = ['--namespace', NAMESPACE, '--wait', '--timeout=60s'];
  try {
    await inNode(['helm', 'upgrade', '--install', RELEASE, chart, ...where, ...sets]);
  } catch (error) {
    // "context deadline exceeded" is all that helm says.
    throw new Error(`helm failed; the pods say:\n${await whatPodsSay()}`, { cause: error });
  }
}

async function whatPodsSay(): Promise<string> {
  const of = ['-n', NAMESPACE, '-l', `app.kubernetes.io/instance=${RELEASE}`] as const;
  const logs = await kubectl('logs', ...of, '--all-containers', '--prefix', '--tail=15').catch(String);
  const events = await kubectl('get', 'events', '-n', NAMESPACE, '--sort-by=.lastTimestamp').catch(String);
  return `${await kubectl('get', 'pods', ...of, '-o', 'wide').catch(String)}\n${logs}\n${events}`;
}

/** A namespace in which the API server takes restricted pods only (Pod Security Standards), and where they would be named. */
export async function restrictedNamespace(): Promise<void> {
  await kubectl('create', 'namespace', NAMESPACE);
  await kubectl('label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=restricted');
}

export async function uninstall(): Promise<void> {
  await inNode(['helm', 'uninstall', RELEASE, '--namespace', NAMESPACE, '--wait', '--timeout=90s']);
}

/** The pods of the controller that are not on their way out. */
export async function pods(): Promise<Pod[]> {
  const found = await get<Pods>('pods', '-n', NAMESPACE, '-l', 'app.kubernetes.io/component=controller');
  return found.items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
}

/** The pod whose process holds the Lease. */
export async function leader(among: readonly Pod[] | (() => Promise<readonly Pod[]>)): Promise<Pod> {
  const { value } = await eventually('a leader', 30, async () => {
    const lease = await get<{ spec: { holderIdentity?: string } }>(
      'lease',
      'cert-manager-controller',
      '-n',
      'kube-system',
    );
    const candidates = typeof among === 'function' ? await among() : among;
    return candidates.find(({ metadata }) => lease.spec.holderIdentity?.startsWith(metadata.name));
  });
  return value;
}
