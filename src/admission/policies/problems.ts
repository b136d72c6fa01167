/**
 * What is wrong with an object, as CEL: expressions of type string that are empty when all is well, in the words of
 * Kubernetes' field errors. All of them together are the message, as the functions of this room print it.
 */
import type { FieldError } from '../../api/admission.ts';
import { fieldErrorWords } from '../../api/field-error-words.ts';
import { joined, literal, Place, type Words } from './place.ts';

/** CEL of type string; empty when the rule holds. */
export type Problem = string;

type Kind = FieldError['type'];

/** Longest value that is shown, in characters: a message of more than 5 KiB is dropped by the API server. */
const maxShown = 128;

function say(kind: Kind, path: Words, detail: Words, value?: string): string {
  const shown = value === undefined ? [] : [': ', { cel: value }];
  const words = detail.length === 0 ? [] : [': ', ...detail];
  return joined([...path, `: ${fieldErrorWords[kind]}`, ...shown, ...words]);
}

/** CEL of a text as it is shown: quoted, cut where it is long. */
export function shown(text: string): string {
  return `strings.quote(size(${text}) > ${maxShown} ? ${text}.substring(0, ${maxShown}) + '...' : ${text})`;
}

export function when(condition: string, message: string): Problem {
  return `(${condition} ? ${message} : '')`;
}

export function required(place: Place, detail: string): string {
  return say('Required', place.path, [detail]);
}

export function forbidden(place: Place, detail: string): string {
  return say('Forbidden', place.path, [detail]);
}

export function tooLong(place: Place, detail: string): string {
  return say('TooLong', place.path, [detail]);
}

/** With the text of the place as its value. */
export function invalid(place: Place, ...detail: Words): string {
  return say('Invalid', place.path, detail, shown(place.text));
}

/** `value` is CEL of type string that is shown as it is. */
export function invalidValue(place: Place, value: string, ...detail: Words): string {
  return say('Invalid', place.path, detail, value);
}

export function notSupported(place: Place, value: string, supported: readonly (string | number)[]): string {
  const values = supported.map((one) => `"${one}"`).join(', ');
  return say('NotSupported', place.path, [`supported values: ${values}`], value);
}

export function duplicate(path: Words, value: string): string {
  return say('Duplicate', path, [], value);
}

/** Reports an empty or absent text. */
export function needed(place: Place, detail: string): Problem {
  return when(place.isEmpty, required(place, detail));
}

/** CEL of type list(string): those problems that are there. */
export function found(problems: readonly Problem[]): string {
  // A line for each, so that the policies can be read as files too.
  return `[\n${problems.join(',\n')}\n].filter(p, p != '')`;
}

/** Several problems as one. */
export function together(problems: readonly Problem[]): Problem {
  return `${found(problems)}.join(', ')`;
}

/** The problems of each entry of a list. `names` are the loop's variables, index first; nested loops need their own. */
export function each(
  list: Place,
  names: readonly [index: string, item: string],
  of: (item: Place) => readonly Problem[],
): Problem {
  const [index, item] = names;
  const place = new Place(item, [...list.path, '[', { cel: `string(${index})` }, ']']);
  return `${list.items}.transformList(${index}, ${item}, ${together(of(place))}).filter(p, p != '').join(', ')`;
}

/** CEL: whether the text is as the regular expression (RE2) says. */
export function matches(text: string, pattern: string): string {
  return `${text}.matches(${literal(pattern)})`;
}

/** CEL: whether the text is one of these. */
export function among(text: string, values: readonly string[]): string {
  return `${text} in [${values.map(literal).join(', ')}]`;
}
