/** Validation of Issuers and ClusterIssuers (spec/api.md §11-§14). */
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';
import { validateAcmeIssuer } from './issuer-acme.ts';
import { validateVaultIssuer } from './issuer-vault.ts';
import { validateVenafiIssuer } from './issuer-venafi.ts';

type Validate = (section: Field, errors: FieldErrors) => void;

/** In the order in which they are looked at: the first one is the issuer, the others are too many. */
const sections: readonly [string, Validate][] = [
  ['acme', validateAcmeIssuer],
  ['ca', validateCAIssuer],
  ['selfSigned', () => {}],
  ['vault', validateVaultIssuer],
  ['venafi', validateVenafiIssuer],
];

export function validateIssuer(spec: Field, errors: FieldErrors): void {
  const present = sections.filter(([name]) => spec.at(name).present);
  const [first, ...others] = present;
  if (first === undefined) {
    errors.required(
      spec,
      `at least one issuer must be configured: ${sections.map(([name]) => name).join(', ')}`,
    );
    return;
  }
  const [name, validate] = first;
  validate(spec.at(name), errors);
  for (const [other] of others) errors.forbidden(spec.at(other), 'may not specify more than one issuer type');
}

function validateCAIssuer(ca: Field, errors: FieldErrors): void {
  if (ca.at('secretName').text === '') {
    errors.required(ca.at('secretName'), 'name the Secret with tls.crt and tls.key of the CA');
  }
  for (const [name, path] of [
    // cert-manager names this path without the last letter.
    ['ocspServers', 'ocspServer'],
    ['issuingCertificateURLs', 'issuingCertificateURLs'],
  ] as const) {
    ca.at(name).items.forEach((url, index) => {
      if (url.text === '')
        errors.invalid(
          `${ca.path}.${path}[${index}]`,
          'must be a valid URL, such as http://pki.example.com',
          '',
        );
    });
  }
}
