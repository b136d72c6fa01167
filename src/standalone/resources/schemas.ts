/** Schema pieces that several built-in kinds share, and the metadata schema that every object has. */
import type { JsonSchema } from '../schema/json-schema.ts';

export const text = (description: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  description,
  ...more,
});
export const flag = (description: string): JsonSchema => ({ type: 'boolean', description });
export const int = (description: string, format = 'int32'): JsonSchema => ({
  type: 'integer',
  format,
  description,
});
export const time = (description: string): JsonSchema => ({
  type: 'string',
  format: 'date-time',
  nullable: true,
  description,
});
export const microTime = time;
export const textMap = (description: string): JsonSchema => ({
  type: 'object',
  description,
  additionalProperties: { type: 'string' },
});
export const byteMap = (description: string): JsonSchema => ({
  type: 'object',
  description,
  additionalProperties: { type: 'string', format: 'byte' },
});
export const object = (
  description: string,
  properties: Record<string, JsonSchema>,
  required: readonly string[] = [],
): JsonSchema => ({
  type: 'object',
  description,
  properties,
  ...(required.length === 0 ? {} : { required }),
});

const ownerReference = object(
  'An object that this one depends on; it is collected when all its owners are gone.',
  {
    apiVersion: text('API version of the owner.'),
    kind: text('Kind of the owner.'),
    name: text('Name of the owner.'),
    uid: text('UID of the owner.'),
    controller: flag('Whether the owner is the managing controller.'),
    blockOwnerDeletion: flag('Whether foreground deletion of the owner waits for this object.'),
  },
  ['apiVersion', 'kind', 'name', 'uid'],
);

const managedFieldsEntry = object('Which fields one manager owns.', {
  manager: text('Name of the manager.'),
  operation: text('How the fields became owned: Apply or Update.'),
  apiVersion: text('Version of the resource that the field set refers to.'),
  time: time('When the entry was last changed.'),
  fieldsType: text('Format of fieldsV1: always FieldsV1.'),
  fieldsV1: {
    type: 'object',
    description: 'The set of fields as a trie.',
    'x-kubernetes-preserve-unknown-fields': true,
  },
  subresource: text('The subresource through which the fields were written.'),
});

/** meta/v1 ObjectMeta with the list types that server-side apply goes by. */
export const objectMeta: JsonSchema = object('Standard object metadata.', {
  name: text('Unique within a namespace; cannot be changed.'),
  generateName: text('Prefix from which the server makes a unique name when no name is given.'),
  namespace: text('The space within which the name is unique.'),
  selfLink: text('No longer filled in.'),
  uid: text('Unique in time and space; set by the server.'),
  resourceVersion: text('Changes with every write; for optimistic locking and watches.'),
  generation: int('Counts changes of the desired state.', 'int64'),
  creationTimestamp: time('When the object was created; set by the server.'),
  deletionTimestamp: time('When deletion was asked for; the object goes when its finalizers are gone.'),
  deletionGracePeriodSeconds: int('Seconds that the deletion may take.', 'int64'),
  labels: textMap('Keys and values to organise and select objects.'),
  annotations: textMap('Keys and values for tools and people; not used for selection.'),
  ownerReferences: {
    type: 'array',
    description: 'Objects that this one depends on.',
    items: ownerReference,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['uid'],
    'x-kubernetes-patch-merge-key': 'uid',
    'x-kubernetes-patch-strategy': 'merge',
  },
  finalizers: {
    type: 'array',
    description: 'Who still has to clean up before the object may go.',
    items: { type: 'string' },
    'x-kubernetes-list-type': 'set',
    'x-kubernetes-patch-strategy': 'merge',
  },
  managedFields: {
    type: 'array',
    description: 'Which manager owns which fields.',
    items: managedFieldsEntry,
    'x-kubernetes-list-type': 'atomic',
  },
});

export const apiVersionSchema = text('Versioned schema of this representation of the object.');
export const kindSchema = text('The REST resource that this object represents.');

/** The schema of a whole object: the kind's own properties beside apiVersion, kind and metadata. */
export function wholeObject(schema: JsonSchema): JsonSchema {
  return {
    ...schema,
    type: 'object',
    properties: {
      ...schema.properties,
      apiVersion: apiVersionSchema,
      kind: kindSchema,
      metadata: objectMeta,
    },
  };
}

export const condition = object(
  'One observation of the state.',
  {
    type: text('Kind of the condition.'),
    status: text('True, False or Unknown.'),
    lastTransitionTime: time('When the status last changed.'),
    reason: text('Machine-readable reason.'),
    message: text('For people.'),
  },
  ['type', 'status'],
);

/** Owned as a whole: half of a reference refers to nothing. */
export const objectReference: JsonSchema = {
  ...object('Refers to an object.', {
    apiVersion: text('API version of the object.'),
    kind: text('Kind of the object.'),
    namespace: text('Namespace of the object.'),
    name: text('Name of the object.'),
    uid: text('UID of the object.'),
    resourceVersion: text('Revision of the object that is meant.'),
    fieldPath: text('Part of the object that is meant.'),
  }),
  'x-kubernetes-map-type': 'atomic',
};
