/** The chart on an API server of its own: Helm and kubectl with the administrator's kubeconfig. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { onPath } from '../../../tools/peers/toolchain.ts';
import { chart, helmProgram, root } from '../../../tools/chart/helm.ts';
import type { Cluster, ClusterOptions } from '../../../tools/apiserver/start.ts';
import { ownCluster } from '../lane.ts';

const execute = promisify(execFile);
const maxBuffer = 64 * 1024 * 1024;

export const searchPath = process.env['PATH'] ?? '';
export const goPath = ['/usr/local/go/bin'];

export interface ChartWorld {
  cluster: Cluster;
  /** Standard output; rejects with the text of the error. */
  helm(...args: string[]): Promise<string>;
  /** Output with warnings. */
  kubectl(...args: string[]): Promise<string>;
  /** `kubectl apply --server-side` of these manifests with strict validation; answers what it printed. */
  apply(manifests: string, ...args: string[]): Promise<string>;
  /** Objects of a kind, as JSON. */
  list<T = { metadata: { name: string } }>(resource: string, ...args: string[]): Promise<T[]>;
}

export interface Failure {
  stderr: string;
}

export async function chartWorld(t: TestContext, options: ClusterOptions = {}): Promise<ChartWorld> {
  const tool = await helmProgram(onPath('go', searchPath, goPath));
  if (tool.path === undefined) throw new Error(`helm: ${tool.missing}`);
  const helmBinary = tool.path;
  const cluster = await ownCluster(t, options);
  const env = {
    ...process.env,
    KUBECONFIG: cluster.kubeconfig,
    HELM_CACHE_HOME: join(cluster.folder, 'helm-cache'),
    HELM_CONFIG_HOME: join(cluster.folder, 'helm-config'),
    HELM_DATA_HOME: join(cluster.folder, 'helm-data'),
  };
  const kubectlBinary = process.env['CERTWRIGHT_KUBECTL'] ?? 'kubectl';
  const kubectl = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await execute(kubectlBinary, args, { env, maxBuffer });
    return stdout + stderr;
  };
  let files = 0;
  return {
    cluster,
    helm: async (...args) => (await execute(helmBinary, args, { env, maxBuffer, cwd: root })).stdout,
    kubectl,
    async apply(manifests, ...args) {
      const file = join(cluster.folder, `manifests-${(files += 1)}.yaml`);
      await writeFile(file, manifests);
      return kubectl('apply', '--server-side', '--validate=strict', '-f', file, ...args);
    },
    async list<T>(resource: string, ...args: string[]) {
      return (JSON.parse(await kubectl('get', resource, '-o', 'json', ...args)) as { items: T[] }).items;
    },
  };
}

/** `helm install` of the chart into the namespace cert-manager, as the documentation tells people to. */
export function install(world: ChartWorld, ...args: string[]): Promise<string> {
  return world.helm(
    'install',
    'certwright',
    chart,
    '--namespace=cert-manager',
    '--create-namespace',
    ...args,
  );
}

/** Where Go keeps a module that `tools/chart/definitions` pins, or this version of one. */
async function moduleFolder(module: string): Promise<string> {
  const go = onPath('go', searchPath, goPath);
  if (go.path === undefined) throw new Error(`go: ${go.missing}`);
  const { stdout } = await execute(go.path, ['mod', 'download', '-json', module], {
    cwd: join(root, 'tools/chart/definitions'),
  });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}

async function define(world: ChartWorld, folder: string, files: readonly string[]): Promise<void> {
  for (const name of files) {
    const file = join(folder, name);
    await world.kubectl('apply', '--server-side', '-f', file);
    await world.kubectl('wait', '--for=condition=Established', '--timeout=180s', '-f', file);
  }
}

/** Installs the definitions of ServiceMonitor, PodMonitor and PrometheusRule, from the operator's own Go module. */
export async function installMonitoring(world: ChartWorld): Promise<void> {
  const files = ['servicemonitors', 'podmonitors', 'prometheusrules'].map(
    (plural) => `example/prometheus-operator-crd/monitoring.coreos.com_${plural}.yaml`,
  );
  await define(world, await moduleFolder('github.com/prometheus-operator/prometheus-operator'), files);
}

/** Installs HTTPRoutes and TLSRoutes, beside `installGatewayApi`. */
export async function installRoutes(world: ChartWorld): Promise<void> {
  const stable = 'config/crd/standard/gateway.networking.k8s.io';
  const files = ['httproutes', 'tlsroutes'].map((plural) => `${stable}_${plural}.yaml`);
  await define(world, await moduleFolder('sigs.k8s.io/gateway-api'), files);
}

/** Installs Gateways and both kinds of listener sets, from the Gateway API's own Go module. */
export async function installGatewayApi(world: ChartWorld): Promise<void> {
  const module = 'sigs.k8s.io/gateway-api';
  const stable = 'config/crd/standard/gateway.networking.k8s.io';
  await define(world, await moduleFolder(module), [`${stable}_gateways.yaml`, `${stable}_listenersets.yaml`]);
  // Before it was stable it had a name and a group of its own.
  const experimental = 'config/crd/experimental/gateway.networking.x-k8s.io_xlistenersets.yaml';
  await define(world, await moduleFolder(`${module}@v1.4.1`), [experimental]);
}
