/** Validation of what a Certificate wants in its Secret: name, template, keystores, further formats (spec/api.md §8). */
import { allowDirectInjection, reservedAnnotationPrefix } from '../api/annotations.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';
import {
  annotationsTooLarge,
  labelValueProblem,
  qualifiedNameProblem,
  subdomainProblem,
} from './kubernetes-names.ts';

export function validateSecret(spec: Field, errors: FieldErrors): void {
  const name = spec.at('secretName');
  if (name.text === '') errors.required(name, 'name the Secret that is to receive key and certificate');
  else {
    const problem = subdomainProblem(name.text);
    if (problem !== undefined) errors.invalid(name, problem);
  }
  validateTemplate(spec.at('secretTemplate'), errors);
  validateOutputFormats(spec.at('additionalOutputFormats'), errors);
  validateKeystore(spec.at('keystores', 'jks'), 'JKS', errors);
  validateKeystore(spec.at('keystores', 'pkcs12'), 'PKCS#12', errors);
}

function validateTemplate(template: Field, errors: FieldErrors): void {
  const labels = template.at('labels');
  for (const [key, value] of labels.entries) {
    const problem = qualifiedNameProblem(key);
    if (problem !== undefined) errors.invalid(labels, problem, key);
    const valueProblem = labelValueProblem(typeof value === 'string' ? value : '');
    if (valueProblem !== undefined) errors.invalid(labels, `the value of ${key} ${valueProblem}`, value);
  }
  const annotations = template.at('annotations');
  for (const [key] of annotations.entries) {
    if (key.startsWith(reservedAnnotationPrefix) && key !== allowDirectInjection) {
      errors.invalid(
        annotations,
        `${reservedAnnotationPrefix}* annotations are set by the controller; remove it`,
        key,
      );
    }
    const problem = qualifiedNameProblem(key.toLowerCase());
    if (problem !== undefined) errors.invalid(annotations, problem, key);
  }
  if (annotationsTooLarge(annotations.entries)) {
    errors.tooLong(annotations, 'keys and values together may not be more than 262144 bytes');
  }
}

function validateOutputFormats(formats: Field, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const format of formats.items) {
    const type = format.at('type').text;
    if (seen.has(type)) errors.duplicate(`${formats.path}[type]`, type);
    seen.add(type);
  }
}

/** An empty passwordSecretRef.name counts as absent: Go clients always write that struct. */
function validateKeystore(keystore: Field, name: string, errors: FieldErrors): void {
  if (!keystore.present) return;
  const reference = keystore.at('passwordSecretRef', 'name').text !== '';
  const password = keystore.at('password');
  if (reference && password.present) {
    errors.forbidden(
      keystore,
      `passwordSecretRef and password exclude each other on ${name} keystores; set one of them`,
    );
  } else if (!reference && !password.present) {
    errors.forbidden(
      keystore,
      `${name} keystores need a password: set one of passwordSecretRef and password`,
    );
  }
  if (password.present && password.text === '') {
    errors.forbidden(keystore.at('password'), `a literal password on ${name} keystores cannot be empty`);
  }
}
