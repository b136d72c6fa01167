/** Validation of Certificates (spec/api.md §3, §5-§9). */
import { keyUsages } from '../api/enumerations.ts';
import { validateCertificateNames } from './certificate-names.ts';
import { validatePrivateKey } from './certificate-private-key.ts';
import { validateRenewal } from './certificate-renewal.ts';
import { validateSecret } from './certificate-secret.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';
import { validateIssuerReference } from './issuer-reference.ts';

const known: ReadonlySet<string> = new Set(keyUsages);

export function validateCertificate(spec: Field, errors: FieldErrors): void {
  validateSecret(spec, errors);
  validateIssuerReference(spec.at('issuerRef'), errors);
  validateCertificateNames(spec, errors);
  validatePrivateKey(spec, errors);
  for (const usage of spec.at('usages').items) {
    if (!known.has(usage.text))
      errors.invalid(usage, 'is no known key usage; see kubectl explain certificate.spec.usages');
  }
  validateRenewal(spec, errors);
}
