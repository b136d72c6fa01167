/** Scheduling preferences of solver pods, as core/v1 Affinity defines them. */
import { int32, list, object, optional, text, textMap, texts, type Static } from './schema.ts';

const atomic = { 'x-kubernetes-map-type': 'atomic' };

const nodeRequirement = object('A requirement on a node.', {
  key: text('Label or field key.'),
  operator: text('In, NotIn, Exists, DoesNotExist, Gt or Lt.'),
  values: optional(texts('Values for In and NotIn, one number for Gt and Lt, none for the others.')),
});

const nodeTerm = object(
  'Requirements that must all hold.',
  {
    matchExpressions: optional(list(nodeRequirement, 'Requirements on labels of the node.')),
    matchFields: optional(list(nodeRequirement, 'Requirements on fields of the node.')),
  },
  atomic,
);

const labelSelector = (description: string) =>
  object(
    description,
    {
      matchLabels: optional(textMap('Labels that must be there with these values.')),
      matchExpressions: optional(
        list(
          object('A requirement on labels.', {
            key: text('Label key.'),
            operator: text('In, NotIn, Exists or DoesNotExist.'),
            values: optional(texts('Values for In and NotIn, none for the others.')),
          }),
          'Requirements that must all hold.',
        ),
      ),
    },
    atomic,
  );

const podTerm = object('Which pods to be near to or away from.', {
  labelSelector: optional(labelSelector('Pods that count. Absent: none.')),
  matchLabelKeys: optional(
    texts('Label keys whose values are taken from the new pod and added to the selector as In.'),
  ),
  mismatchLabelKeys: optional(
    texts('Label keys whose values are taken from the new pod and added to the selector as NotIn.'),
  ),
  namespaceSelector: optional(labelSelector('Namespaces whose pods count, beside namespaces.')),
  namespaces: optional(
    texts('Namespaces whose pods count. Absent, with no namespaceSelector: that of the pod.'),
  ),
  topologyKey: text('Node label whose value says which nodes count as one place.'),
});

const podAffinity = (description: string) =>
  object(description, {
    preferredDuringSchedulingIgnoredDuringExecution: optional(
      list(
        object('A weighted term.', { weight: int32('Weight, 1 to 100.'), podAffinityTerm: podTerm }),
        'Terms to prefer; the node with the highest sum of weights wins.',
      ),
    ),
    requiredDuringSchedulingIgnoredDuringExecution: optional(
      list(podTerm, 'Terms that must all hold to be scheduled.'),
    ),
  });

export const affinitySchema = object('Which nodes the pod should run on.', {
  nodeAffinity: optional(
    object('Affinity to nodes.', {
      preferredDuringSchedulingIgnoredDuringExecution: optional(
        list(
          object('A weighted term.', { weight: int32('Weight, 1 to 100.'), preference: nodeTerm }),
          'Terms to prefer; the node with the highest sum of weights wins.',
        ),
      ),
      requiredDuringSchedulingIgnoredDuringExecution: optional(
        object(
          'What must hold to be scheduled.',
          { nodeSelectorTerms: list(nodeTerm, 'Terms of which one must hold.') },
          atomic,
        ),
      ),
    }),
  ),
  podAffinity: optional(podAffinity('Affinity to other pods.')),
  podAntiAffinity: optional(podAffinity('Distance from other pods.')),
});

export interface Affinity extends Static<typeof affinitySchema> {}
