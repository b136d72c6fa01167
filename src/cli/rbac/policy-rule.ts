/** The shape of RBAC rules, and how they are written down once (Kubernetes API: rbac.authorization.k8s.io/v1). */
import type { Component, RbacFeature, RbacSettings } from './rbac-features.ts';

export interface PolicyRule {
  apiGroups: readonly string[];
  resources: readonly string[];
  resourceNames?: readonly string[];
  verbs: readonly string[];
}

/**
 * Where a role counts. `served`: everywhere, or in the one namespace that is served. `cluster` and `approval`: on
 * cluster-scoped objects. The others: in one namespace each.
 */
export type RoleScope =
  | 'served'
  | 'cluster'
  | 'approval'
  | 'leader-election'
  | 'installation'
  | 'cluster-resources'
  | 'metrics-ca';

/** A rule with its reason; without `needs` it holds wherever its role does. */
export interface NeededRule {
  needs?: RbacFeature;
  rule: PolicyRule;
}

export interface RoleDefinition {
  /** Follows the installation's name: `certwright` + `-controller-issuers`. */
  suffix: string;
  component: Component;
  scope: RoleScope;
  /** Every one of them; the role is left out where one is off. */
  needs: readonly RbacFeature[];
  rules: (settings: RbacSettings) => readonly NeededRule[];
}

export function allow(
  group: string,
  resources: readonly string[],
  verbs: readonly string[],
  resourceNames?: readonly string[],
): PolicyRule {
  return {
    apiGroups: [group],
    resources,
    ...(resourceNames === undefined ? {} : { resourceNames }),
    verbs,
  };
}
