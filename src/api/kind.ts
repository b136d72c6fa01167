/** The envelope that every kind shares: apiVersion, kind and metadata around spec and status. */
import { Type, type TObject, type TSchema } from 'typebox';
import type { ObjectMeta } from './meta.ts';
import { object, optional, text, type Keywords } from './schema.ts';

const apiVersion = text('Group and version of this object, for example cert-manager.io/v1.');
const kind = text('Kind of this object in CamelCase.');
const metadata = Type.Unsafe<ObjectMeta>({ type: 'object' });

/** Properties of a kind whose spec must be present. */
export function kindSchema<Spec extends TSchema, Status extends TSchema>(
  description: string,
  spec: Spec,
  status: Status,
  keywords: Keywords = {},
) {
  return object(
    description,
    {
      apiVersion: optional(apiVersion),
      kind: optional(kind),
      metadata: optional(metadata),
      spec,
      status: optional(status),
    },
    keywords,
  );
}

/** The same with metadata required, as the ACME kinds declare it. */
export function kindSchemaWithMetadata<Spec extends TSchema, Status extends TSchema>(
  description: string,
  spec: Spec,
  status: Status,
) {
  return object(description, {
    apiVersion: optional(apiVersion),
    kind: optional(kind),
    metadata,
    spec,
    status: optional(status),
  });
}

export type KindSchema = TObject;
