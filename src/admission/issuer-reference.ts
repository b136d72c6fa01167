/** The rule for `issuerRef`: within our group only our two kinds exist (spec/api.md §3). */
import { defaultIssuerGroup } from '../api/limits.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';

export function validateIssuerReference(reference: Field, errors: FieldErrors): void {
  if (reference.at('name').text === '') {
    errors.required(reference.at('name'), 'name the Issuer or ClusterIssuer that is to sign');
  }
  const kind = reference.at('kind');
  const group = reference.at('group').text;
  if (group !== '' && group !== defaultIssuerGroup) return;
  if (kind.text === '' || kind.text === 'Issuer' || kind.text === 'ClusterIssuer') return;
  const hint = group === '' ? '; for an external issuer set spec.issuerRef.group too' : '';
  errors.invalid(kind, `must be one of Issuer or ClusterIssuer${hint}`);
}
