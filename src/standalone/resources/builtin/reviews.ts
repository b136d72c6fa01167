/** Reviews: questions that are created and answered at once, and never stored. */
import type { JsonSchema } from '../../schema/json-schema.ts';
import { defineResource } from '../define-resource.ts';
import type { JsonObject, ResourceEntry } from '../resource-entry.ts';
import { flag, object, text } from '../schemas.ts';

function part(value: JsonObject, key: string): JsonObject {
  const found = value[key];
  return typeof found === 'object' && found !== null ? (found as JsonObject) : {};
}

/** Keys are of other people's making: what is no list of texts counts as empty. */
function extraOf(spec: JsonObject): Record<string, string[]> {
  const entries = Object.entries(part(spec, 'extra'));
  return Object.fromEntries(entries.map(([key, list]) => [key, Array.isArray(list) ? list.map(String) : []]));
}

const strings = (description: string): JsonSchema => ({
  type: 'array',
  description,
  items: { type: 'string' },
  'x-kubernetes-list-type': 'atomic',
});

const attributes = {
  resourceAttributes: object('An access to a resource.', {
    namespace: text('Namespace; empty for all.'),
    verb: text('Such as get or list.'),
    group: text('API group.'),
    version: text('API version.'),
    resource: text('Plural name of the resource.'),
    subresource: text('Such as status.'),
    name: text('Name of the object; empty for all.'),
  }),
  nonResourceAttributes: object('An access to a path.', {
    path: text('The path.'),
    verb: text('HTTP verb.'),
  }),
};
const answer = object('The answer.', {
  allowed: flag('Whether it is allowed.'),
  denied: flag('Whether it is refused for certain.'),
  reason: text('Why.'),
  evaluationError: text('What went wrong.'),
});
const authorization = { group: 'authorization.k8s.io', version: 'v1', namespaced: false } as const;

function accessReview(kind: string, more: Record<string, JsonSchema>, self: boolean): ResourceEntry {
  const plural = `${kind.toLowerCase()}s`;
  return defineResource({
    type: { ...authorization, kind, plural, singular: kind.toLowerCase() },
    description: self
      ? 'Asks whether the caller may do something.'
      : 'Asks whether somebody may do something.',
    properties: { spec: object('The question.', { ...attributes, ...more }), status: answer },
    verbs: ['create'],
    review: async (review, { user, allowed }) => {
      const spec = part(review, 'spec');
      const about = self
        ? user
        : {
            username: typeof spec['user'] === 'string' ? spec['user'] : '',
            groups: Array.isArray(spec['groups']) ? spec['groups'].map(String) : [],
            ...(typeof spec['uid'] === 'string' ? { uid: spec['uid'] } : {}),
            ...(spec['extra'] === undefined ? {} : { extra: extraOf(spec) }),
          };
      const nonResource = spec['resourceAttributes'] === undefined;
      const yes = await allowed(
        about,
        part(spec, nonResource ? 'nonResourceAttributes' : 'resourceAttributes'),
        nonResource,
      );
      return {
        ...review,
        status: { allowed: yes, ...(yes ? {} : { reason: 'not allowed by the authorizer of this server' }) },
      };
    },
  });
}

export const reviewEntries: readonly ResourceEntry[] = [
  defineResource({
    type: {
      group: 'authentication.k8s.io',
      version: 'v1',
      namespaced: false,
      kind: 'SelfSubjectReview',
      plural: 'selfsubjectreviews',
      singular: 'selfsubjectreview',
    },
    description: 'Asks who the caller is.',
    properties: {
      status: object('The answer.', {
        userInfo: object('Who the caller is.', {
          username: text('Name.'),
          uid: text('Stable identifier.'),
          groups: strings('Groups.'),
          extra: { type: 'object', description: 'More facts.', additionalProperties: strings('Values.') },
        }),
      }),
    },
    verbs: ['create'],
    review: (review, { user }) => ({ ...review, status: { userInfo: user } }),
  }),
  accessReview('SelfSubjectAccessReview', {}, true),
  accessReview(
    'SubjectAccessReview',
    {
      user: text('Name of the user.'),
      groups: strings('Groups of the user.'),
      uid: text('Identifier of the user.'),
      extra: { type: 'object', description: 'More facts.', additionalProperties: strings('Values.') },
    },
    false,
  ),
];
