/** Which roles an installation gets, from what it does; pure, and the single source of the chart and of `certwright rbac`. */
import { roleDefinitions } from './role-definitions.ts';
import type { PolicyRule, RoleScope } from './policy-rule.ts';
import { clusterScopedFeatures, type Component, type RbacSettings } from './rbac-features.ts';

export interface Role {
  /** Whole name of the role and of its binding. */
  name: string;
  component: Component;
  scope: RoleScope;
  /** Absent: a ClusterRole with a ClusterRoleBinding. */
  namespace?: string;
  rules: readonly PolicyRule[];
}

/** Only rules that something uses: a feature that is off leaves none behind. */
export function rulesFor(settings: RbacSettings): Role[] {
  const features = effectiveFeatures(settings);
  return roleDefinitions
    .filter(({ needs }) => needs.every((feature) => features.has(feature)))
    .map(({ suffix, component, scope, rules }) => {
      const role: Role = {
        name: `${settings.fullname}${suffix}`,
        component,
        scope,
        rules: rules(settings)
          .filter(({ needs }) => needs === undefined || features.has(needs))
          .map(({ rule }) => rule),
      };
      const namespace = namespaceOf(scope, settings);
      return namespace === undefined ? role : { ...role, namespace };
    });
}

/** Whoever serves one namespace does without what is cluster-scoped. */
export function effectiveFeatures({ features, watchNamespace }: RbacSettings): RbacSettings['features'] {
  if (watchNamespace === undefined) return features;
  return new Set([...features].filter((feature) => !clusterScopedFeatures.includes(feature)));
}

function namespaceOf(scope: RoleScope, settings: RbacSettings): string | undefined {
  const namespaces: Readonly<Record<RoleScope, string | undefined>> = {
    served: settings.watchNamespace,
    cluster: undefined,
    // Its rights count for all signers, or not at all: admission asks without a namespace.
    approval: undefined,
    'leader-election': settings.leaderElectionNamespace,
    installation: settings.namespace,
    // Whoever serves one namespace keeps everything of its own in it.
    'cluster-resources': settings.watchNamespace ?? settings.clusterResourceNamespace ?? settings.namespace,
    'metrics-ca': settings.metricsCaSecret.namespace,
  };
  return namespaces[scope];
}
