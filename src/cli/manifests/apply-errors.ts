/** Turns the API server's refusal into errors at the line of the field that it names. */
import { KubeError } from '../../kube/errors.ts';
import { titleOf, type Manifest, type ManifestError } from './manifest.ts';

/** One error per refused field where the server names fields, else one for the object. */
export function applyErrors(manifest: Manifest, error: unknown): ManifestError[] {
  const object = titleOf(manifest.object);
  if (error instanceof KubeError) {
    const causes = error.causes.filter((cause) => cause.field !== undefined && cause.field !== '');
    if (causes.length > 0) {
      return causes.map((cause) => {
        const field = cause.field ?? '';
        return { at: manifest.locate(field), object, field, message: cause.message ?? error.message };
      });
    }
  }
  const message = error instanceof Error ? error.message : String(error);
  return [{ at: manifest.at, object, message }];
}
