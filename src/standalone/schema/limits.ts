/** Bounds and fixed facts that the schema functions share. */

/** Schemas nested deeper are refused by `checkStructural`; compiled ones stop looking there. */
export const deepestSchema = 100;

/** Validation stops after so many errors. */
export const mostErrors = 100;

/** The fields of meta/v1 ObjectMeta. */
export const objectMetaFields: ReadonlySet<string> = new Set([
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
]);
