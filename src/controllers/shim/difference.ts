/** How a Certificate differs from what its object asks for: what is set right, and what only may be (see README.md). */
import type { Certificate } from '../../api/certificate.ts';
import { parseDurationNanos } from '../../api/duration.ts';
import { handedOver } from './certificate-annotations.ts';
import { setAt, valueAt, type FieldPath, type MergePatch } from './field-tree.ts';
import type { WantedCertificate } from './wanted-certificate.ts';

/** A field that no annotation speaks of, and that has a value all the same. */
export interface Doubt {
  readonly path: FieldPath;
  /** What it becomes if the value that it has is ours: null takes it away. */
  readonly value: unknown;
}

export interface Difference {
  /** What the object says: set, whoever wrote the other value. Empty when the Certificate says the same. */
  readonly wrong: readonly Doubt[];
  readonly doubts: readonly Doubt[];
}

type Same = (actual: unknown, wanted: unknown) => boolean;

/** Every field that an object can say something about, with what counts as the same value. */
const fields: readonly (readonly [FieldPath, Same])[] = [
  [['secretName'], same],
  [['issuerRef', 'name'], same],
  [['issuerRef', 'kind'], sameBut('Issuer')],
  [['issuerRef', 'group'], sameBut('cert-manager.io')],
  [['dnsNames'], sameNames],
  [['ipAddresses'], sameNames],
  [['emailAddresses'], sameNames],
  [['commonName'], same],
  [['usages'], sameNames],
  [['duration'], sameDuration],
  [['renewBefore'], sameDuration],
  [['renewBeforePercentage'], same],
  [['revisionHistoryLimit'], same],
  ...['algorithm', 'encoding', 'size', 'rotationPolicy'].map(
    (field) => [['privateKey', field], same] as const,
  ),
  ...[
    'organizations',
    'organizationalUnits',
    'countries',
    'provinces',
    'localities',
    'postalCodes',
    'streetAddresses',
  ].map((field) => [['subject', field], sameNames] as const),
  [['subject', 'serialNumber'], same],
];

export function difference(
  actual: Certificate,
  wanted: WantedCertificate,
  extraCertificateAnnotations: readonly string[],
): Difference {
  const wrong: Doubt[] = [];
  const doubts: Doubt[] = [];
  for (const [field, isSame] of fields) {
    const path = ['spec', ...field];
    const [value, found] = [valueAt(wanted.spec, field), valueAt(actual, path)];
    if (isAbsent(value)) {
      if (!isAbsent(found)) doubts.push({ path, value: null });
    } else if (!isSame(found, value) && !isSizeOfEd25519(actual, wanted, field)) {
      (field[0] === 'usages' && wanted.defaultUsages ? doubts : wrong).push({ path, value });
    }
  }
  compareMaps(['metadata', 'labels'], wanted.labels);
  const template = wanted.spec.secretTemplate;
  for (const part of ['annotations', 'labels'] as const)
    compareMaps(['spec', 'secretTemplate', part], new Map(Object.entries(template?.[part] ?? {})));
  const ours = new Set([...handedOver, ...extraCertificateAnnotations]);
  compareMaps(['metadata', 'annotations'], wanted.annotations, (key) => ours.has(key));
  return { wrong, doubts };

  function compareMaps(
    path: FieldPath,
    wantedEntries: ReadonlyMap<string, string>,
    concerns: (key: string) => boolean = () => true,
  ): void {
    const found = valueAt(actual, path);
    const entries = typeof found === 'object' && found !== null ? found : {};
    for (const [key, value] of wantedEntries)
      if (valueAt(entries, [key]) !== value) wrong.push({ path: [...path, key], value });
    for (const key of Object.keys(entries))
      if (!wantedEntries.has(key) && concerns(key)) doubts.push({ path: [...path, key], value: null });
  }
}

/** Those inside others first. */
const parts: readonly FieldPath[] = [
  ['subject'],
  ['privateKey'],
  ['secretTemplate', 'annotations'],
  ['secretTemplate', 'labels'],
  ['secretTemplate'],
];

/** One patch for all of it; parts of the spec that it leaves empty are taken away whole. */
export function patchOf(actual: Certificate, changes: readonly Doubt[]): MergePatch {
  const patch: MergePatch = {};
  for (const { path, value } of changes) setAt(patch, path, value);
  for (const part of parts) {
    const path = ['spec', ...part];
    const change = valueAt(patch, path);
    if (typeof change === 'object' && change !== null && isEmptyAfter(valueAt(actual, path), change))
      setAt(patch, path, null);
  }
  return patch;
}

function isEmptyAfter(actual: unknown, patch: unknown): boolean {
  const before = typeof actual === 'object' && actual !== null ? actual : {};
  const changes = typeof patch === 'object' && patch !== null ? patch : {};
  return [...new Set([...Object.keys(before), ...Object.keys(changes)])].every((key) => {
    const change = valueAt(changes, [key]);
    const now = change === undefined ? valueAt(before, [key]) : change;
    if (typeof now !== 'object' || now === null || Array.isArray(now)) return isAbsent(now);
    return isEmptyAfter(valueAt(before, [key]), change ?? {});
  });
}

function isAbsent(value: unknown): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

function same(actual: unknown, wanted: unknown): boolean {
  return actual === wanted;
}

/** The server and other tools write the default out, or leave it out. */
function sameBut(fallback: string): Same {
  const full = (value: unknown): unknown => (isAbsent(value) ? fallback : value);
  return (actual, wanted) => full(actual) === full(wanted);
}

/** The peer repeats a host that two listeners share: for that nothing is issued again. */
function sameNames(actual: unknown, wanted: unknown): boolean {
  if (!Array.isArray(actual) || !Array.isArray(wanted)) return false;
  const [left, right] = [[...new Set<unknown>(actual)], [...new Set<unknown>(wanted)]];
  return left.length === right.length && left.every((name, i) => name === right[i]);
}

function sameDuration(actual: unknown, wanted: unknown): boolean {
  return (
    typeof actual === 'string' &&
    typeof wanted === 'string' &&
    parseDurationNanos(actual) === parseDurationNanos(wanted)
  );
}

/** Keys of that kind have no size: whatever stands there changes nothing. */
function isSizeOfEd25519(
  actual: Certificate,
  { spec }: WantedCertificate,
  [part, field]: FieldPath,
): boolean {
  if (part !== 'privateKey' || field !== 'size') return false;
  return spec.privateKey?.algorithm === 'Ed25519' && actual.spec.privateKey?.algorithm === 'Ed25519';
}
