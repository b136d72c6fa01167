/** The flags of `certwright controller`, read once into types (spec/certificate-lifecycle.md §2). */
import { controllers as knownControllers, type ControllerName } from '../../api/components.ts';
import { logFormats, logLevels, type LogFormat, type LogLevel } from '../log.ts';
import { backoff, list, namespaceName, oneOf, toggle, wholeNumber } from '../option-values.ts';
import { UsageError } from '../errors.ts';

/** As commander hands them over. */
export interface ControllerFlags {
  kubeconfig?: string;
  context?: string;
  inCluster?: boolean;
  clusterResourceNamespace: string;
  namespace?: string;
  enableCertificateOwnerRef?: boolean | string;
  issuerAmbientCredentials?: boolean | string;
  clusterIssuerAmbientCredentials?: boolean | string;
  copiedAnnotationPrefixes?: string;
  certificateRequestMinimumBackoffDuration: string;
  certificateRequestMaximumBackoffDuration: string;
  controllers: string;
  concurrentWorkers: string;
  kubeApiQps: string;
  kubeApiBurst: string;
  leaderElect: boolean | string;
  leaderElectionNamespace: string;
  logFormat: string;
  logLevel: string;
}

export interface ControllerCommandOptions {
  kubeconfig?: string;
  context?: string;
  inCluster: boolean;
  clusterResourceNamespace: string;
  /** Absent: all of them. */
  namespace?: string;
  enableCertificateOwnerRef: boolean;
  copiedAnnotationPrefixes?: readonly string[];
  minBackoffMs: number;
  maxBackoffMs: number;
  /** Whether the approver runs. */
  approve: boolean;
  concurrency: number;
  qps: number;
  burst: number;
  leaderElect: boolean;
  leaderElectionNamespace: string;
  logFormat: LogFormat;
  logLevel: LogLevel;
}

const approver: ControllerName = 'certificaterequests-approver';

/** @throws UsageError naming flag, value and remedy. */
export function readControllerOptions(flags: ControllerFlags): ControllerCommandOptions {
  if (flags.inCluster === true && flags.kubeconfig !== undefined) {
    throw new UsageError(
      '--kubeconfig',
      flags.kubeconfig,
      'leave it out, or leave out --in-cluster: only one can be meant',
    );
  }
  refuseAmbientCredentials(flags);
  const options: ControllerCommandOptions = {
    inCluster: flags.inCluster === true,
    clusterResourceNamespace: namespaceName('--cluster-resource-namespace', flags.clusterResourceNamespace),
    enableCertificateOwnerRef: toggle(
      '--enable-certificate-owner-ref',
      flags.enableCertificateOwnerRef ?? false,
    ),
    ...backoff(flags),
    approve: runsApprover(flags.controllers),
    concurrency: wholeNumber('--concurrent-workers', flags.concurrentWorkers, 1, 256),
    qps: wholeNumber('--kube-api-qps', flags.kubeApiQps, 1, 100_000),
    burst: wholeNumber('--kube-api-burst', flags.kubeApiBurst, 1, 100_000),
    leaderElect: toggle('--leader-elect', flags.leaderElect),
    leaderElectionNamespace: namespaceName('--leader-election-namespace', flags.leaderElectionNamespace),
    logFormat: oneOf('--log-format', flags.logFormat, logFormats),
    logLevel: oneOf('--log-level', flags.logLevel, logLevels),
  };
  if (flags.kubeconfig !== undefined) options.kubeconfig = flags.kubeconfig;
  // Empty means all, as it does for whoever moves here from cert-manager.
  if (flags.namespace !== undefined && flags.namespace !== '')
    options.namespace = namespaceName('--namespace', flags.namespace);
  if (flags.context !== undefined) options.context = flags.context;
  if (flags.copiedAnnotationPrefixes !== undefined) {
    options.copiedAnnotationPrefixes = list('--copied-annotation-prefixes', flags.copiedAnnotationPrefixes);
  }
  return options;
}

/** For a cluster issuer they are the default, and nothing would use them; asking for more than that cannot be met. */
function refuseAmbientCredentials(flags: ControllerFlags): void {
  toggle('--cluster-issuer-ambient-credentials', flags.clusterIssuerAmbientCredentials ?? true);
  const flag = '--issuer-ambient-credentials';
  if (toggle(flag, flags.issuerAmbientCredentials ?? false)) {
    throw new UsageError(
      flag,
      'true',
      'leave it out: no issuer type of this version takes credentials from its surroundings',
    );
  }
}

/**
 * `*` is the default set, `name` adds, `-name` removes. The steps of a Certificate are one state machine here and run
 * together, so of all names only the approver can be left out; anything else says so instead of being ignored.
 */
function runsApprover(value: string): boolean {
  let approves = false;
  const entries = list('--controllers', value);
  const onlyRemovals = entries.every((entry) => entry.startsWith('-'));
  if (onlyRemovals || entries.includes('*')) approves = true;
  for (const entry of entries.filter((candidate) => candidate !== '*')) {
    const name = entry.startsWith('-') ? entry.slice(1) : entry;
    if (!knownControllers.some((known) => known === name)) {
      throw new UsageError(
        '--controllers',
        value,
        `there is no controller "${name}"; there are ${knownControllers.join(', ')}`,
      );
    }
    if (name === approver) approves = !entry.startsWith('-');
    else if (entry.startsWith('-') || !(onlyRemovals || entries.includes('*'))) {
      throw new UsageError(
        '--controllers',
        value,
        `only -${approver} can be left out; the other controllers are one state machine here: write '*,-${approver}'`,
      );
    }
  }
  return approves;
}
