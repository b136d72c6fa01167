/** Admission policies as data: the parts of admissionregistration.k8s.io/v1 that ours use, and how one is made of problems. */
import type { ResourceType } from '../../api/resources.ts';

const apiVersion = 'admissionregistration.k8s.io/v1';

export type Operation = 'CREATE' | 'UPDATE';

export interface ResourceRule {
  apiGroups: string[];
  apiVersions: string[];
  operations: Operation[];
  resources: string[];
}

export interface MatchConstraints {
  matchPolicy: 'Equivalent';
  resourceRules: ResourceRule[];
}

export interface Named {
  name: string;
  expression: string;
}

export interface Validation {
  expression: string;
  message?: string;
  messageExpression?: string;
  reason: 'Forbidden';
}

export interface PolicyMetadata {
  name: string;
  labels?: Record<string, string>;
}

export interface LabelSelector {
  matchExpressions: { key: string; operator: 'NotIn'; values: string[] }[];
}

export interface ValidatingPolicy {
  apiVersion: string;
  kind: 'ValidatingAdmissionPolicy';
  metadata: PolicyMetadata;
  spec: {
    failurePolicy: 'Fail';
    matchConstraints: MatchConstraints;
    matchConditions?: Named[];
    variables: Named[];
    validations: Validation[];
  };
}

export interface MutatingPolicy {
  apiVersion: string;
  kind: 'MutatingAdmissionPolicy';
  metadata: PolicyMetadata;
  spec: {
    failurePolicy: 'Fail';
    reinvocationPolicy: 'IfNeeded';
    matchConstraints: MatchConstraints;
    variables: Named[];
    mutations: { patchType: 'JSONPatch'; jsonPatch: { expression: string } }[];
  };
}

export interface PolicyBinding {
  apiVersion: string;
  kind: 'ValidatingAdmissionPolicyBinding' | 'MutatingAdmissionPolicyBinding';
  metadata: PolicyMetadata;
  spec: {
    policyName: string;
    validationActions?: ['Deny'];
    matchResources?: { namespaceSelector: LabelSelector };
  };
}

/** Writes that a policy looks at; `resources` may name sub-resources. */
export function matching(
  { group, version }: Pick<ResourceType, 'group' | 'version'>,
  operations: readonly Operation[],
  ...resources: string[]
): MatchConstraints {
  return {
    matchPolicy: 'Equivalent',
    resourceRules: [{ apiGroups: [group], apiVersions: [version], operations: [...operations], resources }],
  };
}

export interface PolicyOptions {
  name: string;
  matches: MatchConstraints;
  matchConditions?: Named[];
  variables?: readonly Named[];
  /** Lists of problems (CEL of type list(string)) by name, in the order in which they are reported. */
  problems: readonly Named[];
  /** Rules with messages of their own. */
  validations?: readonly Validation[];
}

/** Longest message; the API server drops longer ones than 5 KiB. */
const maxMessage = 4096;

/** A policy that refuses with every problem in one message: one alone as it is, several as `[a, b]`. */
export function validatingPolicy(options: PolicyOptions): ValidatingPolicy {
  const { name, matches, matchConditions, variables = [], problems, validations = [] } = options;
  const all = problems.map((problem) => `variables.${problem.name}`).join(' + ');
  const text = `size(variables.problems) == 1 ? variables.problems[0] : '[' + variables.problems.join(', ') + ']'`;
  return {
    apiVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: matches,
      ...(matchConditions && { matchConditions }),
      variables: [
        ...variables,
        ...problems,
        { name: 'problems', expression: all },
        { name: 'message', expression: text },
      ],
      validations: [
        {
          expression: 'size(variables.problems) == 0',
          messageExpression: `size(variables.message) > ${maxMessage} ? variables.message.substring(0, ${maxMessage}) + '...' : variables.message`,
          reason: 'Forbidden',
        },
        ...validations,
      ],
    },
  };
}

/** Lets a policy act. `disableable`: not in namespaces that are labelled as exempt from validation. */
export function bindingOf(
  policy: ValidatingPolicy | MutatingPolicy,
  { disableable }: { disableable: boolean },
): PolicyBinding {
  const validating = policy.kind === 'ValidatingAdmissionPolicy';
  const selector: LabelSelector = {
    matchExpressions: [{ key: 'cert-manager.io/disable-validation', operator: 'NotIn', values: ['true'] }],
  };
  return {
    apiVersion,
    kind: `${policy.kind}Binding`,
    metadata: { name: policy.metadata.name },
    spec: {
      policyName: policy.metadata.name,
      ...(validating && { validationActions: ['Deny'] }),
      ...(disableable && { matchResources: { namespaceSelector: selector } }),
    },
  };
}

/** Objects on their way out are let go, whatever is wrong with them: their finalizers must come off. */
export const notBeingDeleted: Named = {
  name: 'not-being-deleted',
  expression: "request.operation == 'CREATE' || !has(object.metadata.deletionTimestamp)",
};

export function mutatingPolicy(
  name: string,
  matches: MatchConstraints,
  variables: Named[],
  jsonPatch: string,
): MutatingPolicy {
  return {
    apiVersion,
    kind: 'MutatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      reinvocationPolicy: 'IfNeeded',
      matchConstraints: matches,
      variables,
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: jsonPatch } }],
    },
  };
}
