/** Label and field selectors: parsing and matching (apimachinery labels and fields). */
import type { ResourceEntry, JsonObject } from '../resources/resource-entry.ts';
import { metaOf } from '../resources/resource-entry.ts';
import { badRequest } from './api-error.ts';

export interface Selection {
  /** Absent: everything matches and objects need not be parsed. */
  matches?: (object: JsonObject) => boolean;
  /** Set when the field selector names one object. */
  name?: string;
  /** Set when the field selector names one namespace. */
  namespace?: string;
}

const KEY = String.raw`(?:[A-Za-z0-9](?:[-A-Za-z0-9.]{0,251}[A-Za-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?`;
const VALUE = '(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?';
const SET = new RegExp(String.raw`^\s*(${KEY})\s+(in|notin)\s*\(([^()]*)\)\s*(?:,|$)`);
const EQUAL = new RegExp(String.raw`^\s*(${KEY})\s*(==|=|!=)\s*(${VALUE})\s*(?:,|$)`);
const ORDER = new RegExp(String.raw`^\s*(${KEY})\s*(>|<)\s*(-?\d+)\s*(?:,|$)`);
const EXISTS = new RegExp(String.raw`^\s*(!?)\s*(${KEY})\s*(?:,|$)`);

type LabelTest = (labels: Record<string, string>) => boolean;

/** @throws ApiError 400 when the text is not a label selector */
export function parseLabelSelector(text: string): LabelTest[] {
  if (text.length > 16_384) throw badRequest('the label selector is longer than 16384 characters');
  const tests: LabelTest[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const [test, length] = labelTest(rest);
    if (test === undefined) {
      throw badRequest(`unable to parse requirement: cannot read label selector at "${rest.slice(0, 64)}"`);
    }
    tests.push(test);
    rest = rest.slice(length);
  }
  return tests;
}

function labelTest(rest: string): [LabelTest | undefined, number] {
  const set = SET.exec(rest);
  if (set) {
    const values = new Set(set[3]!.split(',').map((value) => value.trim()));
    const key = set[1]!;
    const inside = set[2] === 'in';
    return [
      (labels) => (Object.hasOwn(labels, key) ? values.has(labels[key]!) === inside : !inside),
      set[0].length,
    ];
  }
  const equal = EQUAL.exec(rest);
  if (equal) {
    const [all, key, operator, value] = equal as unknown as [string, string, string, string];
    return operator === '!='
      ? [(labels) => !Object.hasOwn(labels, key) || labels[key] !== value, all.length]
      : [(labels) => Object.hasOwn(labels, key) && labels[key] === value, all.length];
  }
  const order = ORDER.exec(rest);
  if (order) {
    const [all, key, operator, bound] = order as unknown as [string, string, string, string];
    return [
      (labels) => {
        const value = Object.hasOwn(labels, key) ? Number(labels[key]) : Number.NaN;
        return operator === '>' ? value > Number(bound) : value < Number(bound);
      },
      all.length,
    ];
  }
  const exists = EXISTS.exec(rest);
  if (exists) {
    const key = exists[2]!;
    return [(labels) => Object.hasOwn(labels, key) === (exists[1] === ''), exists[0].length];
  }
  return [undefined, 0];
}

interface FieldTest {
  field: string;
  equal: boolean;
  value: string;
}

/** @throws ApiError 400 */
export function parseFieldSelector(text: string): FieldTest[] {
  if (text.length > 16_384) throw badRequest('the field selector is longer than 16384 characters');
  const terms = text.split(/(?<!\\),/).filter((term) => term.trim() !== '');
  return terms.map((term) => {
    const match = /^\s*([^=!\s]+)\s*(==|=|!=)(.*)$/s.exec(term);
    if (match === null) {
      throw badRequest(`invalid selector: '${term.slice(0, 64)}'; can't understand '${term.slice(0, 64)}'`);
    }
    return { field: match[1]!, equal: match[2] !== '!=', value: match[3]!.replaceAll(/\\([\\,=])/g, '$1') };
  });
}

/** Both selectors of a request against what the resource offers. @throws ApiError 400 */
export function selectionOf(entry: ResourceEntry, query: URLSearchParams): Selection {
  const tests: ((object: JsonObject) => boolean)[] = [];
  const selection: Selection = {};
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  if (labels.length > 0) {
    tests.push((object) => {
      const own = metaOf(object).labels ?? {};
      return labels.every((test) => test(own));
    });
  }
  for (const { field, equal, value } of parseFieldSelector(query.get('fieldSelector') ?? '')) {
    const read = fieldReader(entry, field);
    tests.push((object) => (read(object) === value) === equal);
    if (field === 'metadata.name' && equal) selection.name = value;
    if (field === 'metadata.namespace' && equal) selection.namespace = value;
  }
  if (tests.length > 0) selection.matches = (object) => tests.every((test) => test(object));
  return selection;
}

function fieldReader(entry: ResourceEntry, field: string): (object: JsonObject) => string {
  if (field === 'metadata.name') return (object) => metaOf(object).name ?? '';
  if (field === 'metadata.namespace') return (object) => metaOf(object).namespace ?? '';
  const read = Object.hasOwn(entry.selectableFields, field) ? entry.selectableFields[field] : undefined;
  if (read === undefined) throw badRequest(`field label not supported: ${field}`);
  return read;
}
