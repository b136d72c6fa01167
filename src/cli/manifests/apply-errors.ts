/** Turns the API server's refusal into errors at the line of the field that it names. */
import { messageOf } from '../../api/message-of.ts';
import { ForbiddenError, KubeError, NotFoundError } from '../../kube/errors.ts';
import { fieldPathOf } from './field-path.ts';
import { knownFields, type FieldSchema } from './known-fields.ts';
import { titleOf, type Manifest, type ManifestError } from './manifest.ts';
import { nearest } from './suggest.ts';

/**
 * One error per refused field where the server names fields, else one for the object.
 *
 * @param schema of the kind, for what an unknown field may have been meant to be
 */
export function applyErrors(manifest: Manifest, error: unknown, schema?: FieldSchema): ManifestError[] {
  const object = titleOf(manifest.object);
  if (error instanceof KubeError) {
    const causes = error.causes.filter((cause) => cause.field !== undefined && cause.field !== '');
    if (causes.length > 0) {
      return causes.map((cause) => {
        const field = cause.field ?? '';
        const guess = cause.reason === 'UnknownField' ? guessOf(field, schema) : '';
        const message = `${cause.message ?? error.message}${guess}`;
        return { at: manifest.locate(field), object, field, message };
      });
    }
  }
  const message = messageOf(error);
  return [{ at: manifest.at, object, message }];
}

/** Whether somebody is asked for a field that does not exist: only then is a schema worth fetching. */
export function namesUnknownFields(error: unknown): boolean {
  return error instanceof KubeError && error.causes.some(({ reason }) => reason === 'UnknownField');
}

export function isWorthAnotherTry(error: unknown): boolean {
  return (
    !(error instanceof KubeError) || error.retryable || error instanceof NotFoundError || isTerminating(error)
  );
}

/** The namespace is on its way out: it can come back. */
export function isTerminating(error: unknown): boolean {
  return (
    error instanceof ForbiddenError && error.causes.some(({ reason }) => reason === 'NamespaceTerminating')
  );
}

function guessOf(field: string, schema: FieldSchema | undefined): string {
  const path = fieldPathOf(field);
  const last = path.at(-1);
  const guess = typeof last === 'string' ? nearest(last, knownFields(schema, path)) : undefined;
  return guess === undefined ? '' : `; did you mean ${JSON.stringify(guess)}?`;
}
