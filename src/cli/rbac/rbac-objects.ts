/** The Kubernetes objects of a set of roles: ServiceAccounts, roles, bindings, and the roles that people get. */
import { effectiveFeatures, rulesFor, type Role } from './rules-for.ts';
import type { PolicyRule } from './policy-rule.ts';
import type { Component, RbacSettings } from './rbac-features.ts';
import { userRoles } from './user-roles.ts';

const rbacApi = 'rbac.authorization.k8s.io';
const apiVersion = `${rbacApi}/v1`;

interface Metadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
}

export type RbacObject =
  | { apiVersion: string; kind: 'ServiceAccount'; metadata: Metadata }
  | { apiVersion: string; kind: 'ClusterRole' | 'Role'; metadata: Metadata; rules: readonly PolicyRule[] }
  | {
      apiVersion: string;
      kind: 'ClusterRoleBinding' | 'RoleBinding';
      metadata: Metadata;
      roleRef: { apiGroup: string; kind: 'ClusterRole' | 'Role'; name: string };
      subjects: readonly { kind: 'ServiceAccount'; name: string; namespace: string }[];
    };

/** Everything that `certwright rbac` prints, in the order in which it is to be applied. */
export function rbacObjects(settings: RbacSettings): RbacObject[] {
  const roles = rulesFor(settings);
  return [
    ...serviceAccountsOf(roles, settings).map((name): RbacObject => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace: settings.namespace },
    })),
    ...roles.flatMap((role) => [roleObject(role), bindingOf(role, settings)]),
    ...userRoleObjects(settings),
  ];
}

function serviceAccountsOf(roles: readonly Role[], { serviceAccounts }: RbacSettings): string[] {
  return [...new Set(roles.map(({ component }) => serviceAccounts[component]))];
}

function roleObject({ name, namespace, rules, component }: Role): RbacObject {
  const metadata: Metadata = { name, labels: labelsOf(component) };
  return namespace === undefined
    ? { apiVersion, kind: 'ClusterRole', metadata, rules }
    : { apiVersion, kind: 'Role', metadata: { ...metadata, namespace }, rules };
}

function bindingOf({ name, namespace, component }: Role, settings: RbacSettings): RbacObject {
  const subjects = [
    {
      kind: 'ServiceAccount',
      name: settings.serviceAccounts[component],
      namespace: settings.namespace,
    } as const,
  ];
  const metadata: Metadata = { name, labels: labelsOf(component) };
  return namespace === undefined
    ? {
        apiVersion,
        kind: 'ClusterRoleBinding',
        metadata,
        roleRef: { apiGroup: rbacApi, kind: 'ClusterRole', name },
        subjects,
      }
    : {
        apiVersion,
        kind: 'RoleBinding',
        metadata: { ...metadata, namespace },
        roleRef: { apiGroup: rbacApi, kind: 'Role', name },
        subjects,
      };
}

function userRoleObjects(settings: RbacSettings): RbacObject[] {
  if (!effectiveFeatures(settings).has('aggregated-roles')) return [];
  return userRoles.map(({ suffix, aggregateTo, rules }) => ({
    apiVersion,
    kind: 'ClusterRole',
    metadata: {
      name: `${settings.fullname}${suffix}`,
      labels: {
        ...labelsOf('controller'),
        ...Object.fromEntries(aggregateTo.map((role) => [`${rbacApi}/aggregate-to-${role}`, 'true'])),
      },
    },
    rules,
  }));
}

function labelsOf(component: Component): Record<string, string> {
  return { 'app.kubernetes.io/name': 'certwright', 'app.kubernetes.io/component': component };
}
