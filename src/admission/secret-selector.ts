/** The rule for references to one entry of a Secret where both parts are needed. */
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';

export function validateSecretSelector(selector: Field, errors: FieldErrors): void {
  if (selector.at('name').text === '') errors.required(selector.at('name'), 'secret name is required');
  if (selector.at('key').text === '') errors.required(selector.at('key'), 'secret key is required');
}
