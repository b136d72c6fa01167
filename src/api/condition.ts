/** Schemas of status conditions; the TypeScript type is `Condition` in meta.ts. */
import { conditionStatuses } from './enumerations.ts';
import { int64, listMap, object, oneOf, optional, text, time } from './schema.ts';

const fields = {
  type: text('Which aspect the condition describes, for example Ready.'),
  status: oneOf(conditionStatuses, 'Whether the condition holds.'),
  lastTransitionTime: optional(time('When status last changed its value.')),
  reason: optional(text('One word for programs: why the condition has this status.')),
  message: optional(text('The same for people: cause and remedy.')),
};

const observedGeneration = optional(
  int64(
    'The metadata.generation that this condition was computed from; lower than the current one means outdated.',
  ),
);

/** Conditions without observedGeneration, as CertificateRequest has them. */
export function conditions(known: string) {
  return listMap(
    object('A condition.', fields),
    ['type'],
    `What is known about the object. Types: ${known}.`,
  );
}

/** Conditions with observedGeneration, as Certificate and the issuers have them. */
export function observedConditions(known: string) {
  return listMap(
    object('A condition.', { ...fields, observedGeneration }),
    ['type'],
    `What is known about the object. Types: ${known}.`,
  );
}
