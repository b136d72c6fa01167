/** The flags of `certwright rbac`, read once into the settings of the RBAC model. */
import { UsageError } from '../errors.ts';
import { list, namespaceName, oneOf } from '../option-values.ts';
import {
  clusterScopedFeatures,
  featuresByDefault,
  rbacFeatures,
  type RbacFeature,
  type RbacSettings,
} from './rbac-features.ts';

/** As commander hands them over. */
export interface RbacFlags {
  features: string;
  namespace: string;
  watchNamespace?: string;
  leaderElectionNamespace?: string;
  metricsCaSecret: string;
  approveSignerNames: string;
  /** Absent: that of --namespace. */
  clusterResourceNamespace?: string;
  acmeWebhookGroups?: string;
  name: string;
  split?: boolean;
  output: string;
}

export interface RbacCommandOptions {
  settings: RbacSettings;
  output: 'yaml' | 'json';
}

/** @throws UsageError naming flag, value and remedy. */
export function readRbacOptions(flags: RbacFlags): RbacCommandOptions {
  const namespace = namespaceName('--namespace', flags.namespace);
  const watchNamespace =
    flags.watchNamespace === undefined || flags.watchNamespace === ''
      ? undefined
      : namespaceName('--watch-namespace', flags.watchNamespace);
  const fullname = objectName('--name', flags.name);
  const features = readFeatures(flags.features, watchNamespace);
  const groups =
    flags.acmeWebhookGroups === undefined || flags.acmeWebhookGroups === ''
      ? undefined
      : list('--acme-webhook-groups', flags.acmeWebhookGroups).map((group) =>
          groupName('--acme-webhook-groups', group),
        );
  if (groups === undefined && features.has('acme-dns01-webhooks'))
    throw new UsageError(
      '--features',
      flags.features,
      'name the groups of the webhook solvers with --acme-webhook-groups',
    );
  const clusterResourceNamespace =
    flags.clusterResourceNamespace === undefined
      ? undefined
      : namespaceName('--cluster-resource-namespace', flags.clusterResourceNamespace);
  return {
    settings: {
      features: groups === undefined ? features : new Set([...features, 'acme-dns01-webhooks']),
      ...(groups === undefined ? {} : { acmeWebhookGroups: groups }),
      ...(clusterResourceNamespace === undefined ? {} : { clusterResourceNamespace }),
      fullname,
      namespace,
      ...(watchNamespace === undefined ? {} : { watchNamespace }),
      leaderElectionNamespace: namespaceName(
        '--leader-election-namespace',
        // Whoever has rights in one namespace cannot hand out any in kube-system.
        flags.leaderElectionNamespace ?? (watchNamespace === undefined ? 'kube-system' : namespace),
      ),
      metricsCaSecret: { namespace, name: objectName('--metrics-ca-secret', flags.metricsCaSecret) },
      approveSignerNames: list('--approve-signer-names', flags.approveSignerNames),
      serviceAccounts:
        flags.split === true
          ? { controller: fullname, cainjector: `${fullname}-cainjector`, webhook: `${fullname}-webhook` }
          : { controller: fullname, cainjector: fullname, webhook: fullname },
    },
    output: oneOf('--output', flags.output, ['yaml', 'json']),
  };
}

/** `*` is the default set, `name` adds, `-name` removes; only removals take from the default set. */
function readFeatures(value: string, watchNamespace: string | undefined): Set<RbacFeature> {
  const flag = '--features';
  const entries = list(flag, value);
  const fromDefaults = entries.includes('*') || entries.every((entry) => entry.startsWith('-'));
  const features = new Set<RbacFeature>(fromDefaults ? featuresByDefault(watchNamespace) : []);
  for (const entry of entries.filter((candidate) => candidate !== '*')) {
    const name = entry.replace(/^-/u, '');
    if (!isFeature(name)) {
      const known = Object.keys(rbacFeatures).join(', ');
      throw new UsageError(flag, value, `there is no feature "${name}"; there are ${known}`);
    }
    if (entry.startsWith('-')) {
      features.delete(name);
    } else if (watchNamespace !== undefined && clusterScopedFeatures.includes(name)) {
      throw new UsageError(
        flag,
        value,
        `leave out ${name}: it needs cluster-wide rights, and --watch-namespace asks for none`,
      );
    } else {
      features.add(name);
    }
  }
  return features;
}

function isFeature(name: string): name is RbacFeature {
  return Object.hasOwn(rbacFeatures, name);
}

/** What every suffix fits behind: an RFC 1123 label. */
function objectName(flag: string, value: string): string {
  if (!/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) {
    throw new UsageError(flag, value, 'write lower-case letters, digits and dashes, at most 63');
  }
  return value;
}

/** A group of a DNS-01 webhook solver: a DNS name, and none of Kubernetes' own. */
function groupName(flag: string, value: string): string {
  if (
    !/^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)+$/u.test(value) ||
    value.endsWith('.k8s.io')
  ) {
    throw new UsageError(
      flag,
      value,
      'write the groupName of a webhook solver, for example acme.example.com',
    );
  }
  return value;
}
