/** The settings of `certwright controller`, read once into what its parts ask for (spec/operations.md §3). */
import type { CaLimits } from '../../acme/budget/ca-limits.ts';
import { leaderElectionComponent, leaderElectionLease, type ControllerName } from '../../api/components.ts';
import { formatDuration } from '../../api/duration.ts';
import { managedByController } from '../../api/labels.ts';
import type { ControllerOptions } from '../../controllers/context.ts';
import type { AcmeSettings } from '../../solvers/settings.ts';
import type { PemLimits } from '../../pki/pem.ts';
import { readAcmeSettings } from '../acme/acme-options.ts';
import type { controllerTable } from '../configuration/controller-table.ts';
import { readFeatureGates } from '../configuration/feature-gates.ts';
import type { Settings } from '../configuration/settings.ts';
import { UsageError } from '../errors.ts';
import { namespaceName, oneOf } from '../option-values.ts';
import type { ConnectionSettings } from '../process/connection.ts';
import type { LeaderSettings } from '../process/leader.ts';
import { readMetricsDoor, type MetricsDoorSettings } from '../process/metrics-door.ts';
import { Problems } from '../process/problems.ts';
import { readLogSettings, type LogSettings } from '../process/log-settings.ts';
import { readLeaderTimes, readListenAddress, type ListenAddress } from '../process/shared-settings.ts';
import type { ModuleSettings } from './modules.ts';
import { selectControllers, type SelectedControllers } from './select-controllers.ts';

export type ControllerSettings = Settings<(typeof controllerTable)['rows']>;

export const roleNames = ['controller', 'cainjector', 'webhook'] as const;
export type RoleName = (typeof roleNames)[number];
export const reportFormats = ['table', 'json', 'yaml'] as const;
export type ReportFormat = (typeof reportFormats)[number];

export interface ControllerCommandOptions {
  roles: readonly RoleName[];
  connection: ConnectionSettings;
  controllers: Partial<ControllerOptions>;
  modules: ModuleSettings;
  acme: AcmeSettings;
  /** What CAs allow, beside what is published. */
  caLimits: readonly CaLimits[];
  pemLimits: PemLimits;
  /** Absent: works at once, and no other instance may run. */
  leader?: LeaderSettings;
  shards: number;
  metrics?: MetricsDoorSettings;
  health?: ListenAddress;
  log: LogSettings;
  dryRun: boolean;
  output: ReportFormat;
  /** To be logged at the start. */
  warnings: readonly string[];
}

/** @throws CliError naming everything that is wrong */
export function readControllerOptions(settings: ControllerSettings): ControllerCommandOptions {
  const { values, nameOf } = settings;
  const problems = new Problems();
  const { check } = problems;
  const refuse = (flag: Parameters<typeof nameOf>[0], value: unknown, remedy: string): UsageError =>
    new UsageError(nameOf(flag), String(value), remedy);

  check(() => {
    if (!values['in-cluster']) return;
    for (const flag of ['kubeconfig', 'master', 'context'] as const)
      if (values[flag] !== '')
        throw refuse(flag, values[flag], 'leave it out, or leave out --in-cluster: only one can be meant');
  });
  const [qps, burst] = [values['kube-api-qps'], values['kube-api-burst']];
  check(() => {
    if (qps === 0) throw refuse('kube-api-qps', qps, 'write a number above zero, or -1 for no limit');
    if (burst < qps) throw refuse('kube-api-burst', burst, `must not be less than --kube-api-qps (${qps})`);
  });
  const [shortest, longest] = [
    values['certificate-request-minimum-backoff-duration'],
    values['certificate-request-maximum-backoff-duration'],
  ];
  check(() => {
    if (longest < shortest)
      throw refuse(
        'certificate-request-maximum-backoff-duration',
        formatDuration(longest),
        `must not be shorter than --certificate-request-minimum-backoff-duration (${formatDuration(shortest)})`,
      );
  });
  const pemLimits: PemLimits = {
    certificate: values['max-certificate-size'],
    privateKey: values['max-private-key-size'],
    chain: values['max-certificate-chain-length'],
    bundle: values['max-certificate-bundle-size'],
  };
  for (const flag of ['max-certificate-size', 'max-certificate-chain-length'] as const)
    check(() => {
      if (values[flag] > pemLimits.bundle)
        throw refuse(
          flag,
          values[flag],
          `must not exceed --max-certificate-bundle-size (${pemLimits.bundle})`,
        );
    });
  // Empty means all, as it does for whoever moves here from cert-manager.
  const namespace =
    values.namespace === '' ? undefined : check(() => namespaceName(nameOf('namespace'), values.namespace));
  const clusterResourceNamespace = check(() =>
    namespaceName(nameOf('cluster-resource-namespace'), values['cluster-resource-namespace']),
  );
  check(() => {
    if (values['default-issuer-kind'] === '')
      throw refuse(
        'default-issuer-kind',
        '',
        'write the kind of the default issuer: Issuer, ClusterIssuer or that of your own',
      );
  });
  const gates = check(() => readFeatureGates('controller', values['feature-gates'], nameOf('feature-gates')));
  const warnings = [...settings.warnings, ...(gates?.warnings ?? [])];
  const gatewayApi = readGateway(
    settings,
    gates?.isEnabled('ExperimentalGatewayAPISupport') ?? true,
    warnings,
  );
  const listenerSets = values['enable-gateway-api-listenerset'];
  const listenerSetGate = gates?.isEnabled('ListenerSets') ?? false;
  if (listenerSets && !(gatewayApi && listenerSetGate))
    warnings.push(
      `${nameOf('enable-gateway-api-listenerset')} has no effect without --enable-gateway-api and --feature-gates ListenerSets=true`,
    );
  const selected = check<SelectedControllers>(() =>
    selectControllers({
      list: values.controllers,
      name: nameOf('controllers'),
      gatewayApi,
      listenerSets: listenerSets && listenerSetGate,
      signingRequests: gates?.isEnabled('ExperimentalCertificateSigningRequestControllers') ?? false,
      namespaced: namespace !== undefined,
    }),
  );
  const acme = readAcmeSettings(settings, gates, gatewayApi, problems);
  const roles = check(() => values.roles.map((role) => oneOf(nameOf('roles'), role, roleNames)));
  const times = check(() => readLeaderTimes(settings));
  const leaderNamespace = check(() =>
    namespaceName(nameOf('leader-election-namespace'), values['leader-election-namespace']),
  );
  const metrics = check(() => readMetricsDoor(settings));
  const health = check(() => readListenAddress(settings, 'internal-healthz-listen-address'));
  const log = check(() => readLogSettings(settings, values['dry-run'] ? 'text' : 'json'));
  const output = check(() => oneOf(nameOf('output'), values.output, reportFormats));
  check(() => {
    if (values.shards > 1 && !values['leader-elect'])
      throw refuse('shards', values.shards, 'shards are leases: leave out --leader-elect=false');
    if (values['dry-run'] && roles?.includes('controller') === false)
      throw refuse('dry-run', true, 'it tells what the role controller would do: add that to --roles');
    if (roles?.length === 0) throw refuse('roles', '', `write at least one of ${roleNames.join(', ')}`);
  });
  if (values['dry-run'] && (roles?.length ?? 0) > 1)
    warnings.push(`${nameOf('dry-run')} tells what the role controller would do, and nothing of other roles`);
  if (!values['dry-run'] && values.output !== 'table')
    warnings.push(`${nameOf('output')} has no effect without --dry-run`);
  problems.throwIfAny();
  const none: ReadonlySet<ControllerName> = new Set();
  const { enabled, disabled } = selected ?? { enabled: none, disabled: none };
  return {
    roles: [...new Set(roles)],
    connection: {
      kubeconfig: values.kubeconfig,
      context: values.context,
      inCluster: values['in-cluster'],
      master: values.master,
      qps,
      burst,
    },
    controllers: {
      clusterResourceNamespace: clusterResourceNamespace ?? '',
      namespace,
      enableCertificateOwnerRef: values['enable-certificate-owner-ref'],
      copiedAnnotationPrefixes: values['copied-annotation-prefixes'],
      minBackoffMs: shortest,
      maxBackoffMs: longest,
      concurrency: values['concurrent-workers'],
      approve: enabled.has('certificaterequests-approver'),
      disabled,
      renewalInformation: acme.renewalInformation,
    },
    modules: {
      enabled,
      shim: {
        defaultIssuerName: values['default-issuer-name'],
        defaultIssuerKind: values['default-issuer-kind'],
        defaultIssuerGroup: values['default-issuer-group'],
        autoCertificateAnnotations: values['auto-certificate-annotations'],
        extraCertificateAnnotations: values['extra-certificate-annotations'],
        gatewayApiExtraProtocols: values['gateway-api-extra-protocols'],
      },
    },
    acme,
    caLimits: settings.caLimits,
    pemLimits,
    ...(values['leader-elect'] && times !== undefined
      ? {
          leader: {
            namespace: leaderNamespace ?? '',
            name: leaderElectionLease,
            suffix: 'external-cert-manager-controller',
            label: managedByController,
            fieldManager: leaderElectionComponent,
            healthzTimeoutMs: values['internal-healthz-leader-election-timeout'],
            ...times,
          },
        }
      : {}),
    shards: values.shards,
    metrics,
    health,
    log: log ?? { format: 'json', level: 'info' },
    dryRun: values['dry-run'],
    output: output ?? 'table',
    warnings,
  };
}

function readGateway({ values, nameOf }: ControllerSettings, gate: boolean, warnings: string[]): boolean {
  if (!values['enable-gateway-api']) return false;
  if (!gate)
    warnings.push(
      `${nameOf('enable-gateway-api')} has no effect: the feature gate ExperimentalGatewayAPISupport is off`,
    );
  return gate;
}
