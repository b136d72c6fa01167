/** What the server must know about a kind to serve it. One entry of this shape adds a resource. */
import type { FieldError, UserInfo } from '../../api/admission.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceType } from '../../api/resources.ts';
import type { MergeSchema } from '../apply/merge-schema.ts';
import type { CompiledSchema, JsonObject, JsonSchema } from '../schema/json-schema.ts';

export type { JsonObject };

/** A column of `kubectl get`. Priority 0 is always shown, higher ones with `-o wide`. */
export interface Column {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  description: string;
  priority?: number;
  /** The cell; `now` is for ages. Absent values are shown as empty. */
  cell: (object: JsonObject, now: number) => string | number | boolean | null;
}

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export interface ResourceEntry {
  /** Coordinates in the version that is served by this entry. */
  readonly type: ResourceType;
  /** `plural.group` of the stored form: versions and views of the same objects share it. */
  readonly storageKey: string;
  /** apiVersion of the stored form. */
  readonly storageApiVersion: string;
  readonly schema: CompiledSchema;
  readonly listKind: string;
  readonly verbs: readonly Verb[];
  /** Whether `/status` exists and status is its own territory. */
  readonly statusSubresource: boolean;
  /** Further subresources that write the status, such as `approval`; `prepare` says which part of it each may change. */
  readonly statusWriters?: readonly string[];
  /** What a write to a subresource asks for beyond the right to write: allowed when the user may do it to one of `names`. */
  readonly permission?: (
    stored: JsonObject,
    subresource: string,
  ) =>
    | { verb: string; group: string; resource: string; names: readonly string[]; refusal: string }
    | undefined;
  /** Subresources that Kubernetes has and that are not served here, each with what to do instead. */
  readonly unserved?: ReadonlyMap<string, string>;
  /** metadata.generation starts at 1 and grows when anything but metadata and status changes. */
  readonly tracksGeneration: boolean;
  /** Strategic merge patch is for built-in kinds; custom resources answer 415. */
  readonly strategicMerge: boolean;
  /** A replacement has to name the resourceVersion that it replaces; of other kinds it may replace whatever is there. */
  readonly versionedUpdate: boolean;
  readonly columns: readonly Column[];
  /** Beyond metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, (object: JsonObject) => string>>;
  readonly deprecated?: { warning: string };
  /** How metadata.name is checked; default `subdomain` (RFC 1123). */
  readonly nameRule?: 'subdomain' | 'label' | 'path';
  /** Runs before validation on create and update: derived fields, write-only fields. Changes `object`. */
  readonly prepare?: (
    object: JsonObject,
    old: JsonObject | undefined,
    now: number,
    subresource?: string,
    user?: UserInfo,
  ) => void;
  /** Rules that the schema cannot say. */
  readonly validate?: (object: JsonObject, old: JsonObject | undefined, subresource?: string) => FieldError[];
  /** Runs when a deletion is asked for the first time; gives true when the object has to stay for now. */
  readonly beforeDelete?: (object: JsonObject, now: number) => boolean;
  /** Says after a write whether a deleted object may go at last (beyond finalizers). */
  readonly holdsDeletion?: (object: JsonObject) => boolean;
  /** Objects that must never be deleted; gives the reason. */
  readonly refuseDelete?: (name: string) => string | undefined;
  /** Between the served and the stored form; absent: only apiVersion differs. */
  readonly fromStorage?: (object: JsonObject) => JsonObject;
  readonly toStorage?: (object: JsonObject) => JsonObject;
  /** A resource without storage: answers a create. */
  readonly review?: (object: JsonObject, context: ReviewContext) => JsonObject | Promise<JsonObject>;
  /** The whole schema with metadata written out: OpenAPI documents, strategic merge. */
  readonly openapi: JsonSchema;
  /** The same for server-side apply. */
  readonly mergeSchema: MergeSchema;
}

export interface ReviewContext {
  user: UserInfo;
  allowed: (user: UserInfo, attributes: JsonObject, nonResource: boolean) => boolean | Promise<boolean>;
  now: number;
}

/** metadata of any object; an empty one when it is missing. */
export function metaOf(object: JsonObject | KubeObject): NonNullable<KubeObject['metadata']> {
  const found = (object as KubeObject).metadata;
  return typeof found === 'object' && found !== null ? found : {};
}

/** The value when it is text, otherwise empty: for fields that no schema has checked yet. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The subresources that write an object's status. */
export function statusWritersOf(entry: ResourceEntry): readonly string[] {
  return entry.statusSubresource ? ['status', ...(entry.statusWriters ?? [])] : [];
}

export const allVerbs: readonly Verb[] = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
];
