/** Holds what RBAC grants against what the audit log says was asked for. */
import type { PolicyRule } from '../../../src/cli/rbac/policy-rule.ts';
import type { RbacSettings } from '../../../src/cli/rbac/rbac-features.ts';
import { rulesFor } from '../../../src/cli/rbac/rules-for.ts';
import type { AuditEntry } from '../../../tools/apiserver/audit.ts';

/** One right: a verb on one resource, perhaps of some names only. */
export interface Grant {
  role: string;
  /** Whose ServiceAccount has it. */
  account: string;
  namespace?: string;
  group: string;
  /** With sub-resource: `certificates/status`. */
  resource: string;
  verb: string;
  names?: readonly string[];
}

export function grantsOf(settings: RbacSettings): Grant[] {
  return rulesFor(settings).flatMap(({ name, namespace, component, rules }) =>
    rules.flatMap((rule) =>
      grantsOfRule(rule).map((grant) => ({
        ...grant,
        role: name,
        account: settings.serviceAccounts[component],
        ...(namespace === undefined ? {} : { namespace }),
      })),
    ),
  );
}

function grantsOfRule({
  apiGroups,
  resources,
  verbs,
  resourceNames,
}: PolicyRule): Omit<Grant, 'role' | 'account'>[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.map((verb) => ({
        group,
        resource,
        verb,
        ...(resourceNames === undefined ? {} : { names: resourceNames }),
      })),
    ),
  );
}

/**
 * Rights that no request shows: the API server asks for them while it admits another one. Each is proven by a request
 * that is refused to whoever has everything but that right (`hidden-rights.ts`).
 */
export function isHidden({ resource, verb }: Grant): boolean {
  // Applying what is not there is logged as the verb `patch`, and asks for `create` as well.
  const applied = resource === 'tlsroutes' && verb === 'create';
  return applied || resource === 'signers' || resource.endsWith('/finalizers');
}

/** Whether a request that was allowed needed this right. Names count for all of them: each must have been asked for. */
export function unusedNames(grant: Grant, entries: readonly AuditEntry[]): string[] {
  const fitting = entries.filter(
    (entry) =>
      entry.apiGroup === grant.group &&
      `${entry.resource}${entry.subresource === '' ? '' : `/${entry.subresource}`}` === grant.resource &&
      entry.verb === grant.verb &&
      entry.code !== 403 &&
      (grant.namespace === undefined || entry.namespace === grant.namespace),
  );
  const names = grant.names ?? ['*'];
  return names.filter((name) => !fitting.some((entry) => name === '*' || entry.name === name));
}

export function describe({ role, group, resource, verb, names }: Grant): string {
  return `${role}: ${verb} ${resource}${group === '' ? '' : `.${group}`}${names === undefined ? '' : ` (${names.join(', ')})`}`;
}

/** One line for each kind of request that was refused. */
export function refusals(entries: readonly AuditEntry[]): string[] {
  const lines = entries
    .filter(({ code }) => code === 403 || code === 401)
    .map(
      ({ code, user, verb, apiGroup, resource, subresource, namespace, name, requestUri }) =>
        `${code} ${user}: ${verb} ${apiGroup}/${resource}/${subresource} ${namespace}/${name} ${requestUri}`,
    );
  return [...new Set(lines)];
}
