/** References to Secrets and ServiceAccounts in the namespace that the referring object's kind allows. */
import { object, optional, text, texts, type Static } from './schema.ts';

const secretName = 'Name of the Secret. For a ClusterIssuer it lives in the cluster resource namespace.';

/** One entry of a Secret. `keyNote` says what an absent key means. */
export function secretKeySelector(
  description: string,
  keyNote = 'Required here, although the schema lets it be absent.',
) {
  return object(description, {
    name: text(secretName),
    key: optional(text(`Entry of the Secret's data. ${keyNote}`)),
  });
}

/** A whole Secret. */
export function secretReference(description: string) {
  return object(description, { name: text(secretName) });
}

export function serviceAccountReference(description: string, audienceNote: string) {
  return object(description, {
    name: text('Name of the ServiceAccount to request a token for.'),
    audiences: optional(texts(audienceNote)),
  });
}

export interface SecretKeySelector extends Static<ReturnType<typeof secretKeySelector>> {}
export interface SecretReference extends Static<ReturnType<typeof secretReference>> {}
export interface ServiceAccountReference extends Static<ReturnType<typeof serviceAccountReference>> {}
