/** Finds Secrets of a folder that a Certificate fills: applying them would put an old key back after a renewal. Pure. */
import { certificateName } from '../../api/annotations.ts';
import { certificates } from '../../api/resources.ts';
import { titleOf, type Manifest, type ManifestError } from './manifest.ts';
import { idOf, type ObjectId } from './plan.ts';

const remedy =
  'take it out of the folder, and where the key it holds is wanted, create it once with kubectl before the Certificate';

/** Namespaces have to be filled in. The errors stand at what gives the Secret away. */
export function managedSecrets(manifests: readonly Manifest[]): Map<ObjectId, ManifestError> {
  const owners = new Map<ObjectId, Manifest>();
  for (const manifest of manifests) {
    const target = targetOf(manifest);
    if (target !== undefined) owners.set(target, manifest);
  }
  const errors = new Map<ObjectId, ManifestError>();
  for (const manifest of manifests) {
    const { apiVersion, kind, metadata } = manifest.object;
    if (kind !== 'Secret' || apiVersion !== 'v1') continue;
    const id = idOf(apiVersion, kind, metadata.namespace, metadata.name);
    const object = titleOf(manifest.object);
    const owner = owners.get(id);
    const annotated = metadata.annotations?.[certificateName];
    if (owner !== undefined) {
      const { file, line } = owner.locate('spec.secretName');
      const message = `is the Secret that ${titleOf(owner.object)} (${file}:${line}) fills and renews; a copy in the folder would put its old key back: ${remedy}`;
      errors.set(id, { at: manifest.locate('metadata.name'), object, field: 'metadata.name', message });
    } else if (annotated !== undefined) {
      const field = `metadata.annotations.${certificateName}`;
      const message = `says that the Certificate ${JSON.stringify(annotated)} fills and renews this Secret; a copy in the folder would put its old key back: ${remedy}; if no Certificate does, remove the annotation`;
      errors.set(id, { at: manifest.locate(field), object, field, message });
    }
  }
  return errors;
}

/** The Secret that a Certificate fills. */
function targetOf({ object }: Manifest): ObjectId | undefined {
  if (object.kind !== 'Certificate' || !object.apiVersion.startsWith(`${certificates.group}/`))
    return undefined;
  const { spec } = object as { spec?: unknown };
  const name =
    typeof spec === 'object' && spec !== null && 'secretName' in spec ? spec.secretName : undefined;
  return typeof name === 'string' ? idOf('v1', 'Secret', object.metadata.namespace, name) : undefined;
}
