/** Turns the answer of admission into success, warnings or a refusal. */
import type { AdmissionResponse } from '../../api/admission.ts';
import type { ResourceEntry } from '../resources/resource-entry.ts';
import * as api from './api-error.ts';

/** @throws ApiError 422 for field errors, otherwise with the code that admission chose (403) */
export function checkAdmission(
  entry: ResourceEntry,
  name: string,
  response: AdmissionResponse,
  warnings: string[],
): void {
  for (const warning of response.warnings ?? []) if (!warnings.includes(warning)) warnings.push(warning);
  if (response.allowed) return;
  const code = response.code ?? 403;
  const errors = response.errors ?? [];
  if (code === 422 && errors.length > 0) throw api.invalid(entry.type, name, errors);
  const message = response.message ?? (errors.map(api.fieldErrorText).join(', ') || 'refused by admission');
  const refused = api.forbidden(
    entry.type,
    name,
    message,
    errors.length === 0
      ? undefined
      : errors.map((error) => ({
          reason: `FieldValue${error.type}`,
          message: api.fieldErrorBody(error),
          field: error.path,
        })),
  );
  if (code === 403) throw refused;
  throw new api.ApiError(
    code,
    code === 400 ? 'BadRequest' : code === 409 ? 'Conflict' : 'Invalid',
    message,
    refused.status.details,
  );
}
