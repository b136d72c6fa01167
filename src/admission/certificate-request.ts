/** Validation of CertificateRequests (spec/api.md §10). */
import { PkiError } from '../pki/errors.ts';
import type { CsrReader } from '../pki/x509/csr-reader.ts';
import { unknownUsages } from '../pki/x509/key-usage.ts';
import { csrContradiction, verifyCsrSignature } from '../pki/x509/parse-csr.ts';
import { frozenAnnotationPrefixes } from '../api/annotations.ts';
import { readDuration } from './durations.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';
import { validateIssuerReference } from './issuer-reference.ts';
import { sameContent } from './same-content.ts';

export function validateCertificateRequest(object: Field, csrs: CsrReader, errors: FieldErrors): void {
  const spec = object.at('spec');
  readDuration(spec.at('duration'), errors);
  validateIssuerReference(spec.at('issuerRef'), errors);
  const unknown = unknownUsages(spec.at('usages').texts);
  if (unknown.length > 0) {
    errors.invalid(spec.at('usages'), `unknown key usages: [${unknown.join(' ')}]`);
  } else validateRequest(spec, csrs, errors);
  validateApproval(object.at('status', 'conditions'), errors);
}

function validateRequest(spec: Field, csrs: CsrReader, errors: FieldErrors): void {
  const request = spec.at('request');
  if (request.text === '') {
    errors.required(request, 'give the certificate signing request as base64 of its PEM form');
    return;
  }
  const problem = requestProblem(request.text, spec, csrs);
  if (problem === undefined) return;
  const pem = Buffer.from(request.text, 'base64');
  const shown = pem.length > 100 ? `${pem.toString('utf8', 0, 97)}...` : pem.toString('utf8');
  errors.invalid(request, problem, shown);
}

function requestProblem(base64: string, spec: Field, csrs: CsrReader): string | undefined {
  // DER is refused: every signer expects PEM here.
  if (Buffer.from(base64, 'base64')[0] === 0x30)
    return 'is DER; encode it as PEM with -----BEGIN CERTIFICATE REQUEST-----';
  try {
    const csr = csrs.read(base64);
    verifyCsrSignature(csr);
    return csrContradiction(csr, { isCA: spec.at('isCA').isTrue, usages: spec.at('usages').texts });
  } catch (error) {
    if (error instanceof PkiError) return error.message;
    throw error;
  }
}

/** What nobody may change after creation. */
export function validateCertificateRequestUpdate(before: Field, after: Field, errors: FieldErrors): void {
  const annotations = [before, after].map((object) => new Map(object.at('metadata', 'annotations').entries));
  const [old, now] = annotations as [Map<string, unknown>, Map<string, unknown>];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    if (!frozenAnnotationPrefixes.some((prefix) => key.startsWith(prefix)) || old.get(key) === now.get(key))
      continue;
    errors.forbidden(`metadata.annotations.${key}`, 'cannot be added, changed or removed after creation');
  }
  const [oldConditions, conditions] = [before.at('status', 'conditions'), after.at('status', 'conditions')];
  for (const type of ['Approved', 'Denied']) {
    const condition = conditionOf(oldConditions, type);
    if (condition !== undefined && !sameContent(condition.value, conditionOf(conditions, type)?.value)) {
      errors.forbidden(conditions, `'${type}' condition may not be modified once set`);
    }
  }
  validateApproval(conditions, errors);
  if (!sameContent(before.at('spec').value, after.at('spec').value)) {
    errors.forbidden('spec', 'cannot change after creation; create a new CertificateRequest');
  }
}

/** At most one of Approved and Denied, once and True. */
function validateApproval(conditions: Field, errors: FieldErrors): void {
  const found = ['Approved', 'Denied'].map((type) =>
    conditions.items.filter((item) => item.at('type').text === type),
  );
  for (const [index, type] of ['Approved', 'Denied'].entries()) {
    const [first, ...others] = found[index]!;
    if (first === undefined) continue;
    if (others.length > 0) errors.forbidden(conditions, `multiple "${type}" conditions present`);
    else if (first.at('status').text !== 'True') {
      errors.invalid(
        `${conditions.path}.${type}`,
        `"${type}" condition may only be set to True`,
        first.at('status').text,
      );
    }
  }
  if (found.every((list) => list.length > 0)) {
    errors.forbidden(conditions, "both 'Denied' and 'Approved' conditions cannot coexist");
  }
}

export function conditionOf(conditions: Field, type: string): Field | undefined {
  return conditions.items.find((condition) => condition.at('type').text === type);
}
