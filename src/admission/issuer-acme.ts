/** Validation of the ACME section (spec/api.md §14). */
import { caBundleProblem } from './ca-bundle.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';
import { validateSecretSelector } from './secret-selector.ts';
import { validateSolver } from './solver.ts';

export function validateAcmeIssuer(acme: Field, errors: FieldErrors): void {
  const bundle = acme.at('caBundle');
  const skip = acme.at('skipTLSVerify');
  if (bundle.text !== '' && skip.isTrue) {
    const detail = 'caBundle and skipTLSVerify are mutually exclusive and cannot both be set';
    errors.invalid(bundle, detail, '');
    errors.invalid(skip, detail);
  }
  const problem = bundle.text === '' ? undefined : caBundleProblem(bundle.text);
  if (problem !== undefined) errors.invalid(bundle, problem, '');
  if (acme.at('privateKeySecretRef', 'name').text === '') {
    errors.required(
      acme.at('privateKeySecretRef', 'name'),
      'name the Secret for the account key; it is created when missing',
    );
  }
  if (acme.at('server').text === '') errors.required(acme.at('server'), 'give the URL of the ACME directory');
  const binding = acme.at('externalAccountBinding');
  if (binding.present) validateBinding(binding, errors);
  for (const solver of acme.at('solvers').items) validateSolver(solver, errors);
}

function validateBinding(binding: Field, errors: FieldErrors): void {
  if (binding.at('keyID').text === '') {
    errors.required(binding.at('keyID'), 'the keyID field is required when using externalAccountBinding');
  }
  validateSecretSelector(binding.at('keySecretRef'), errors);
  if (binding.at('keyAlgorithm').text !== '') {
    errors.warnings.push(
      "ACME issuer spec field 'externalAccount.keyAlgorithm' is deprecated: leave it out unless the CA asks for another algorithm than HS256. Unlike cert-manager, Certwright signs the binding with it.",
    );
  }
}
