/** Field numbers of the built-in kinds' protobuf messages (the generated.proto files of k8s.io/api and apimachinery). */

/** `pointer` numbers and flags are kept when they are zero: their presence means something. */
export type ProtobufType =
  | 'string'
  | 'bytes'
  | 'int'
  | 'pointer-int'
  | 'bool'
  | 'time'
  | 'micro-time'
  | 'json'
  | 'map-string'
  | 'map-bytes'
  | 'strings'
  | Message
  | readonly [Message];

/** An empty name: the fields of the message are those of the one that it is in. */
export interface Message {
  readonly [fieldNumber: number]: readonly [name: string, type: ProtobufType];
}

const ownerReference: Message = {
  1: ['kind', 'string'],
  3: ['name', 'string'],
  4: ['uid', 'string'],
  5: ['apiVersion', 'string'],
  6: ['controller', 'bool'],
  7: ['blockOwnerDeletion', 'bool'],
};
const managedFields: Message = {
  1: ['manager', 'string'],
  2: ['operation', 'string'],
  3: ['apiVersion', 'string'],
  4: ['time', 'time'],
  6: ['fieldsType', 'string'],
  7: ['fieldsV1', 'json'],
  8: ['subresource', 'string'],
};
const metadata: Message = {
  1: ['name', 'string'],
  2: ['generateName', 'string'],
  3: ['namespace', 'string'],
  5: ['uid', 'string'],
  6: ['resourceVersion', 'string'],
  7: ['generation', 'int'],
  8: ['creationTimestamp', 'time'],
  9: ['deletionTimestamp', 'time'],
  10: ['deletionGracePeriodSeconds', 'pointer-int'],
  11: ['labels', 'map-string'],
  12: ['annotations', 'map-string'],
  13: ['ownerReferences', [ownerReference]],
  14: ['finalizers', 'strings'],
  17: ['managedFields', [managedFields]],
};
const reference: Message = {
  1: ['kind', 'string'],
  2: ['namespace', 'string'],
  3: ['name', 'string'],
  4: ['uid', 'string'],
  5: ['apiVersion', 'string'],
  6: ['resourceVersion', 'string'],
  7: ['fieldPath', 'string'],
};
const condition: Message = {
  1: ['type', 'string'],
  2: ['status', 'string'],
  4: ['lastTransitionTime', 'time'],
  5: ['reason', 'string'],
  6: ['message', 'string'],
};
const source: Message = { 1: ['component', 'string'], 2: ['host', 'string'] };
const series: Message = { 1: ['count', 'int'], 2: ['lastObservedTime', 'micro-time'] };
const resourceAttributes: Message = {
  1: ['namespace', 'string'],
  2: ['verb', 'string'],
  3: ['group', 'string'],
  4: ['version', 'string'],
  5: ['resource', 'string'],
  6: ['subresource', 'string'],
  7: ['name', 'string'],
};
const nonResourceAttributes: Message = { 1: ['path', 'string'], 2: ['verb', 'string'] };

const typedReference: Message = { 1: ['apiGroup', 'string'], 2: ['kind', 'string'], 3: ['name', 'string'] };
const backend: Message = {
  3: ['resource', typedReference],
  4: [
    'service',
    {
      1: ['name', 'string'],
      2: ['port', { 1: ['name', 'string'], 2: ['number', 'int'] }],
    },
  ],
};
const ingressPath: Message = { 1: ['path', 'string'], 2: ['backend', backend], 3: ['pathType', 'string'] };
const ingressRule: Message = {
  1: ['host', 'string'],
  2: ['', { 1: ['http', { 1: ['paths', [ingressPath]] }] }],
};
const entryPoint: Message = {
  1: ['ip', 'string'],
  2: ['hostname', 'string'],
  4: ['ports', [{ 1: ['port', 'int'], 2: ['protocol', 'string'], 3: ['error', 'string'] }]],
};

/** By `apiVersion/kind`. Kinds that are not here are sent as JSON by every client. */
export const messages: Readonly<Record<string, Message>> = {
  'v1/Namespace': {
    1: ['metadata', metadata],
    2: ['spec', { 1: ['finalizers', 'strings'] }],
    3: ['status', { 1: ['phase', 'string'], 2: ['conditions', [condition]] }],
  },
  'v1/Secret': {
    1: ['metadata', metadata],
    2: ['data', 'map-bytes'],
    3: ['type', 'string'],
    4: ['stringData', 'map-string'],
    5: ['immutable', 'bool'],
  },
  'v1/ConfigMap': {
    1: ['metadata', metadata],
    2: ['data', 'map-string'],
    3: ['binaryData', 'map-bytes'],
    4: ['immutable', 'bool'],
  },
  'v1/ServiceAccount': {
    1: ['metadata', metadata],
    2: ['secrets', [reference]],
    3: ['imagePullSecrets', [{ 1: ['name', 'string'] }]],
    4: ['automountServiceAccountToken', 'bool'],
  },
  'v1/Event': {
    1: ['metadata', metadata],
    2: ['involvedObject', reference],
    3: ['reason', 'string'],
    4: ['message', 'string'],
    5: ['source', source],
    6: ['firstTimestamp', 'time'],
    7: ['lastTimestamp', 'time'],
    8: ['count', 'int'],
    9: ['type', 'string'],
    10: ['eventTime', 'micro-time'],
    11: ['series', series],
    12: ['action', 'string'],
    13: ['related', reference],
    14: ['reportingComponent', 'string'],
    15: ['reportingInstance', 'string'],
  },
  'events.k8s.io/v1/Event': {
    1: ['metadata', metadata],
    2: ['eventTime', 'micro-time'],
    3: ['series', series],
    4: ['reportingController', 'string'],
    5: ['reportingInstance', 'string'],
    6: ['action', 'string'],
    7: ['reason', 'string'],
    8: ['regarding', reference],
    9: ['related', reference],
    10: ['note', 'string'],
    11: ['type', 'string'],
    12: ['deprecatedSource', source],
    13: ['deprecatedFirstTimestamp', 'time'],
    14: ['deprecatedLastTimestamp', 'time'],
    15: ['deprecatedCount', 'int'],
  },
  'coordination.k8s.io/v1/Lease': {
    1: ['metadata', metadata],
    2: [
      'spec',
      {
        1: ['holderIdentity', 'string'],
        2: ['leaseDurationSeconds', 'pointer-int'],
        3: ['acquireTime', 'micro-time'],
        4: ['renewTime', 'micro-time'],
        5: ['leaseTransitions', 'pointer-int'],
        6: ['strategy', 'string'],
        7: ['preferredHolder', 'string'],
      },
    ],
  },
  'certificates.k8s.io/v1/CertificateSigningRequest': {
    1: ['metadata', metadata],
    2: [
      'spec',
      {
        1: ['request', 'bytes'],
        2: ['username', 'string'],
        3: ['uid', 'string'],
        4: ['groups', 'strings'],
        5: ['usages', 'strings'],
        7: ['signerName', 'string'],
        8: ['expirationSeconds', 'pointer-int'],
      },
    ],
    3: [
      'status',
      {
        1: [
          'conditions',
          [
            {
              1: ['type', 'string'],
              2: ['reason', 'string'],
              3: ['message', 'string'],
              4: ['lastUpdateTime', 'time'],
              5: ['lastTransitionTime', 'time'],
              6: ['status', 'string'],
            },
          ],
        ],
        2: ['certificate', 'bytes'],
      },
    ],
  },
  'networking.k8s.io/v1/Ingress': {
    1: ['metadata', metadata],
    2: [
      'spec',
      {
        1: ['defaultBackend', backend],
        2: ['tls', [{ 1: ['hosts', 'strings'], 2: ['secretName', 'string'] }]],
        3: ['rules', [ingressRule]],
        4: ['ingressClassName', 'string'],
      },
    ],
    3: ['status', { 1: ['loadBalancer', { 1: ['ingress', [entryPoint]] }] }],
  },
  'networking.k8s.io/v1/IngressClass': {
    1: ['metadata', metadata],
    2: [
      'spec',
      {
        1: ['controller', 'string'],
        2: [
          'parameters',
          {
            1: ['apiGroup', 'string'],
            2: ['kind', 'string'],
            3: ['name', 'string'],
            4: ['scope', 'string'],
            5: ['namespace', 'string'],
          },
        ],
      },
    ],
  },
  'authentication.k8s.io/v1/SelfSubjectReview': { 1: ['metadata', metadata] },
  'authorization.k8s.io/v1/SelfSubjectAccessReview': {
    1: ['metadata', metadata],
    2: [
      'spec',
      { 1: ['resourceAttributes', resourceAttributes], 2: ['nonResourceAttributes', nonResourceAttributes] },
    ],
  },
  'authorization.k8s.io/v1/SubjectAccessReview': {
    1: ['metadata', metadata],
    2: [
      'spec',
      {
        1: ['resourceAttributes', resourceAttributes],
        2: ['nonResourceAttributes', nonResourceAttributes],
        3: ['user', 'string'],
        4: ['groups', 'strings'],
        6: ['uid', 'string'],
      },
    ],
  },
};

export const deleteOptions: Message = {
  1: ['gracePeriodSeconds', 'pointer-int'],
  2: ['preconditions', { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] }],
  3: ['orphanDependents', 'bool'],
  4: ['propagationPolicy', 'string'],
  5: ['dryRun', 'strings'],
};

/** runtime.Unknown: the envelope around every message. */
export const envelope: Message = {
  1: ['typeMeta', { 1: ['apiVersion', 'string'], 2: ['kind', 'string'] }],
  2: ['raw', 'bytes'],
};
