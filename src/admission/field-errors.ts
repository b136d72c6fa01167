/** Collects refused fields, in the order in which they are found. */
import type { FieldError } from '../api/admission.ts';
import type { Field } from './field.ts';

/** A Field, or a bare path where there is none. */
type Place = Field | string;

export class FieldErrors {
  readonly list: FieldError[] = [];
  readonly warnings: string[] = [];
  /** A value could not even be read (api.md §17): the answer is 400 instead of 403. */
  undecodable = false;

  required(place: Place, detail: string): void {
    this.list.push({ type: 'Required', path: pathOf(place), detail });
  }

  forbidden(place: Place, detail: string): void {
    this.list.push({ type: 'Forbidden', path: pathOf(place), detail });
  }

  tooLong(place: Place, detail: string): void {
    this.list.push({ type: 'TooLong', path: pathOf(place), detail });
  }

  invalid(place: Field, detail: string): void;
  invalid(place: Place, detail: string, value: unknown): void;
  invalid(place: Place, detail: string, ...value: unknown[]): void {
    const shown = value.length === 0 && typeof place !== 'string' ? place.value : value[0];
    this.list.push({ type: 'Invalid', path: pathOf(place), value: shown, detail });
  }

  notSupported(place: Field, supported: readonly (string | number)[]): void {
    const values = supported.map((value) => `"${value}"`).join(', ');
    this.list.push({
      type: 'NotSupported',
      path: place.path,
      value: place.value,
      detail: `supported values: ${values}`,
    });
  }

  duplicate(place: Place, value: unknown): void {
    this.list.push({ type: 'Duplicate', path: pathOf(place), value, detail: '' });
  }
}

function pathOf(place: Place): string {
  return typeof place === 'string' ? place : place.path;
}
