/** The API that an operator's command asks: opened from the usual flags, answered within a time, with quiet logs. */
import { homedir } from 'node:os';
import type { OpenAccount } from '../../../issuers/acme/account-shelf.ts';
import { openAccounts } from '../../../issuers/acme/open-account.ts';
import type { KubeClient } from '../../../kube/client.ts';
import type { Clock } from '../../../kube/clock.ts';
import { KubeError } from '../../../kube/errors.ts';
import { nodeHost } from '../../../kube/host.ts';
import { createKubeClient } from '../../../kube/http-client.ts';
import { loadKubeContext } from '../../../kube/kubeconfig.ts';
import { userAgent } from '../../../kube/user-agent.ts';
import { CliError, EnvironmentError, exitCodes } from '../../errors.ts';
import type { Log } from '../../../controllers/context.ts';
import { createLog } from '../../log.ts';
import { namespaceName } from '../../option-values.ts';
import { openConnection } from '../../process/connection.ts';
import type { Surroundings } from '../../program.ts';
import { version } from '../../version.ts';
import { proxyOf } from '../proxy.ts';

export interface ClusterFlags {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
  clusterResourceNamespace: string;
}

/** What a command works with. */
export interface Cluster {
  client: KubeClient;
  clock: Clock;
  random: () => number;
  /** Of objects that are named without one. */
  namespace: string;
  /** Where the Secrets of ClusterIssuers live. */
  clusterResourceNamespace: string;
  /** Makes the clients of accounts: over the network, in tests to a CA of theirs. */
  open: OpenAccount;
  signal: AbortSignal;
}

/** A command is waited for by somebody. */
const patienceMs = 20_000;

/** @throws EnvironmentError when the API cannot be used; CliError for what it refuses */
export async function withCluster(
  flags: ClusterFlags,
  surroundings: Pick<Surroundings, 'env' | 'signal' | 'err' | 'color'>,
  work: (cluster: Cluster) => Promise<number>,
): Promise<number> {
  const { env, signal, err, color } = surroundings;
  const clusterResourceNamespace = namespaceName(
    '--cluster-resource-namespace',
    flags.clusterResourceNamespace,
  );
  const namespace = await namespaceOf(flags, env);
  const log = createLog({ format: 'text', level: 'warn', write: err, color });
  const patience = AbortSignal.timeout(patienceMs);
  // Timers of ours keep no process alive, and pauses between two steps are all that is left to wait for.
  const alive = setInterval(() => undefined, 60_000);
  try {
    return await open(flags, { namespace, clusterResourceNamespace, patience, log, env, signal }, work);
  } finally {
    clearInterval(alive);
  }
}

async function open(
  flags: ClusterFlags,
  surroundings: Pick<Cluster, 'namespace' | 'clusterResourceNamespace' | 'signal'> & {
    env: Surroundings['env'];
    patience: AbortSignal;
    log: Log;
  },
  work: (cluster: Cluster) => Promise<number>,
): Promise<number> {
  const { namespace, clusterResourceNamespace, patience, log, env, signal } = surroundings;
  const connection = await openConnection(
    { kubeconfig: flags.kubeconfig ?? '', context: flags.context ?? '', waits: false },
    { env, signal: AbortSignal.any([signal, patience]) },
    log,
  );
  if (connection === undefined) {
    if (signal.aborted) return exitCodes.failed;
    throw new EnvironmentError(
      'cli/kubeconfig',
      `the API did not answer within ${patienceMs / 1000} s: is it running, and is --kubeconfig the one that certwright up, or your cluster, wrote?`,
    );
  }
  const { clock, random } = connection;
  try {
    const client = createKubeClient(connection);
    const { platform, arch } = process;
    const openAccount = openAccounts({
      userAgent: userAgent('certwright', { version, commit: version, platform, arch }),
      now: () => clock.now(),
      random,
      proxy: proxyOf(env),
    });
    return await work({
      client,
      clock,
      random,
      namespace,
      clusterResourceNamespace,
      open: openAccount,
      signal,
    });
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    // What the API says names the object, or the right that is missing.
    throw new CliError('cli/api', exitCodes.failed, error.message, error);
  } finally {
    await connection.close();
  }
}

async function namespaceOf(flags: ClusterFlags, env: Surroundings['env']): Promise<string> {
  if (flags.namespace !== undefined) return namespaceName('--namespace', flags.namespace);
  if (
    flags.kubeconfig === undefined &&
    env['KUBECONFIG'] === undefined &&
    env['KUBERNETES_SERVICE_HOST'] !== undefined
  )
    return 'default';
  try {
    const { kubeconfig, context } = flags;
    const found = await loadKubeContext(nodeHost(env, homedir()), {
      ...(kubeconfig === undefined ? {} : { file: kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
    return found.namespace;
  } catch {
    // What is wrong with the file is told by whoever opens the connection by it.
    return 'default';
  }
}
