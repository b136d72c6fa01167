/** Validation of the Venafi section (spec/api.md §13). */
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';

export function validateVenafiIssuer(venafi: Field, errors: FieldErrors): void {
  if (venafi.at('zone').text === '')
    errors.required(venafi.at('zone'), 'name the zone to request certificates in');
  const [tpp, cloud, ngts] = [venafi.at('tpp'), venafi.at('cloud'), venafi.at('ngts')];
  if (tpp.present) validateTpp(tpp, errors);
  if (ngts.present) validateNgts(ngts, errors);
  const count = [tpp, cloud, ngts].filter((section) => section.present).length;
  if (count === 0) errors.required(venafi, 'please supply one of: tpp, cloud, ngts');
  if (count > 1) errors.forbidden(venafi, 'please supply one of: tpp, cloud, ngts');
}

function validateTpp(tpp: Field, errors: FieldErrors): void {
  if (tpp.at('url').text === '') errors.required(tpp.at('url'), 'give the URL of the server');
  if (tpp.at('caBundle').text !== '' && tpp.at('caBundleSecretRef').present) {
    errors.forbidden(tpp, 'may not specify more than one of caBundle/caBundleSecretRef as TPP CA Bundle');
  }
}

function validateNgts(ngts: Field, errors: FieldErrors): void {
  if (ngts.at('tsgID').text === '') errors.required(ngts.at('tsgID'), 'give the tenant service group');
  if (ngts.at('credentialsRef', 'name').text === '') {
    errors.required(ngts.at('credentialsRef', 'name'), 'name the Secret with client-id and client-secret');
  }
}
