/** One row of the tables that hold for every way to serve admission: the functions, the policies and the webhook. */

export interface AdmissionCase {
  /** What it is about, such as `certificate: names`. */
  group: string;
  title: string;
  kind: string;
  object: unknown;
  /** Present: an update. */
  oldObject?: unknown;
  subresource?: 'status';
  /** How the refusals begin, one for one; none when the write is admitted. */
  expected: string[];
}

/** A table of specs: what is set, and how the refusals of an object with this spec begin. */
export type SpecCases = readonly (readonly [title: string, spec: unknown, expected: string[]])[];

/** Creations of objects with these specs. */
export function creations(kind: string, group: string, cases: SpecCases): AdmissionCase[] {
  return cases.map(([title, spec, expected]) => ({
    group,
    title,
    kind,
    object: { metadata: { name: 'a', namespace: 'ns' }, spec },
    expected,
  }));
}
