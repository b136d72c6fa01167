/** The chart's RBAC template, from the table that `certwright rbac` prints. */
import { roleDefinitions } from '../../src/cli/rbac/role-definitions.ts';
import type { NeededRule, PolicyRule, RoleDefinition } from '../../src/cli/rbac/policy-rule.ts';
import type { RbacFeature, RbacSettings } from '../../src/cli/rbac/rbac-features.ts';
import { userRoles } from '../../src/cli/rbac/user-roles.ts';
import { generatedHeader, labelLines } from './templates.ts';

const api = 'rbac.authorization.k8s.io';
const signerNames = '@approveSignerNames@';
const webhookGroups = '@acmeWebhookGroups@';
const action = (text: string): string => `{{ ${text} }}`;

/** Stand-ins for what values decide; `quoted` turns them into actions. */
const placeholders: RbacSettings = {
  features: new Set(),
  fullname: '@fullname@',
  namespace: '@namespace@',
  leaderElectionNamespace: '@leaderElectionNamespace@',
  metricsCaSecret: { namespace: '@metricsNamespace@', name: '@metricsName@' },
  approveSignerNames: [signerNames],
  acmeWebhookGroups: [webhookGroups],
  serviceAccounts: { controller: '', cainjector: '', webhook: '' },
};

const fullname = action('$fullname');

/** Namespace of a role's scope; absent: none. `served` is decided when it is rendered. */
const namespaces = {
  served: '.Values.watchNamespace',
  cluster: undefined,
  approval: undefined,
  'leader-election': 'include "certwright.leaderElectionNamespace" .',
  installation: 'include "certwright.namespace" .',
  'cluster-resources':
    '.Values.watchNamespace | default (.Values.clusterResourceNamespace | default (include "certwright.namespace" .))',
  'metrics-ca': 'first (splitList "/" (include "certwright.metricsCaSecret" .))',
} as const;

export function renderRbac(): string {
  return [
    generatedHeader,
    '{{- if .Values.global.rbac.create }}\n',
    '{{- $features := include "certwright.features" . | fromYaml }}\n',
    '{{- $fullname := include "certwright.fullname" . }}\n',
    ...roleDefinitions.map(role),
    when(['aggregated-roles'], userRoles.map(userRole).join('')),
    '{{- end }}\n',
  ].join('');
}

function role(definition: RoleDefinition): string {
  const { suffix, component, scope, needs } = definition;
  const namespace = namespaces[scope];
  const kind = scope === 'served' ? '{{ $kind }}' : namespace === undefined ? 'ClusterRole' : 'Role';
  const place =
    scope === 'served'
      ? `\n  {{- with .Values.watchNamespace }}\n  namespace: {{ . }}\n  {{- end }}`
      : namespace === undefined
        ? ''
        : `\n  namespace: ${action(namespace)}`;
  const metadata = `metadata:\n  name: ${fullname}${suffix}${place}\n  labels: ${labelLines(component)}\n`;
  const rules = definition.rules(placeholders).map(neededRule).join('');
  const text = `---
apiVersion: ${api}/v1
kind: ${kind}
${metadata}rules:
${rules}---
apiVersion: ${api}/v1
kind: ${kind}Binding
${metadata}roleRef:
  apiGroup: ${api}
  kind: ${kind}
  name: ${fullname}${suffix}
subjects:
  - kind: ServiceAccount
    name: {{ include "certwright.serviceAccountName" (list . "${component}") }}
    namespace: {{ include "certwright.namespace" . }}
`;
  const chosen =
    scope === 'served'
      ? `{{- $kind := ternary "Role" "ClusterRole" (ne .Values.watchNamespace "") }}\n${text}`
      : text;
  return when(needs, chosen);
}

function when(needs: readonly RbacFeature[], text: string): string {
  if (needs.length === 0) return text;
  const conditions = needs.map((feature) => `(index $features "${feature}")`).join(' ');
  return `{{- if ${needs.length === 1 ? conditions.slice(1, -1) : `and ${conditions}`} }}\n${text}{{- end }}\n`;
}

function neededRule({ needs, rule }: NeededRule): string {
  return when(needs === undefined ? [] : [needs], ruleText(rule, 2));
}

function ruleText({ apiGroups, resources, resourceNames, verbs }: PolicyRule, indent: number): string {
  const pad = ' '.repeat(indent);
  const names = resourceNames === undefined ? '' : `${pad}  resourceNames: ${quoted(resourceNames)}\n`;
  return `${pad}- apiGroups: ${quoted(apiGroups)}
${pad}  resources: ${JSON.stringify(resources)}
${names}${pad}  verbs: ${JSON.stringify(verbs)}
`;
}

function quoted(names: readonly string[]): string {
  if (names.includes(webhookGroups)) return action('toJson .Values.acme.webhookGroups');
  if (names.includes(signerNames)) return action('toJson .Values.approveSignerNames');
  return JSON.stringify(names)
    .replaceAll('@fullname@', fullname)
    .replaceAll('@metricsName@', action('last (splitList "/" (include "certwright.metricsCaSecret" .))'));
}

function userRole({ suffix, aggregateTo, rules }: (typeof userRoles)[number]): string {
  const labels = aggregateTo.map((name) => `    ${api}/aggregate-to-${name}: "true"\n`).join('');
  return `---
apiVersion: ${api}/v1
kind: ClusterRole
metadata:
  name: ${fullname}${suffix}
  labels: ${labelLines('controller')}
${labels}rules:
${rules.map((rule) => ruleText(rule, 2)).join('')}`;
}
