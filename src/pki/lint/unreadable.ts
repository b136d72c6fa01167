/** Turns a refusal of the decoders into the text of a finding. */

import { PkiError } from '../errors.ts';

/** Why `read` refuses, naming the field; undefined when it does not. Errors that are no PkiError pass through. */
export function unreadable(field: string, read: () => unknown): string | undefined {
  try {
    read();
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return `${field} cannot be read: ${error.message}`;
  }
  return undefined;
}
