/** How Kubernetes prints a refused field (apimachinery field.Error): the words of each type, and which types show the value. */
import type { FieldError } from './admission.ts';

export const fieldErrorWords: Readonly<Record<FieldError['type'], string>> = {
  Required: 'Required value',
  Invalid: 'Invalid value',
  NotSupported: 'Unsupported value',
  Duplicate: 'Duplicate value',
  Forbidden: 'Forbidden',
  TooLong: 'Too long',
};

/** The value helps only where it is what is wrong. */
export function showsValue({ type }: FieldError): boolean {
  return type === 'Invalid' || type === 'NotSupported' || type === 'Duplicate';
}
