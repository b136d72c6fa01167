/** OpenAPI v3 schemas as CustomResourceDefinitions carry them (apiextensions.k8s.io/v1 JSONSchemaProps). */
import type { FieldError } from '../../api/admission.ts';

/** A JSON object of which nothing is known yet. */
export type JsonObject = { [key: string]: unknown };

export interface ValidationRule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

export interface JsonSchema {
  $ref?: string;
  $schema?: string;
  id?: string;
  type?: string;
  format?: string;
  title?: string;
  description?: string;
  default?: unknown;
  example?: unknown;
  nullable?: boolean;
  enum?: readonly unknown[];
  properties?: { readonly [name: string]: JsonSchema };
  additionalProperties?: boolean | JsonSchema;
  required?: readonly string[];
  minProperties?: number;
  maxProperties?: number;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  allOf?: readonly JsonSchema[];
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  not?: JsonSchema;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-validations'?: readonly ValidationRule[];
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-patch-strategy'?: string;
}

export interface CompileOptions {
  /** Whether x-kubernetes-validations are evaluated; default true. */
  celRules?: boolean;
}

/** What a schema says, ready to be asked many times. None of these ever throws, whatever the value is. */
export interface CompiledSchema {
  readonly schema: JsonSchema;
  /**
   * Removes fields that the schema does not know, in place, and returns their paths (`spec.foo[0].bar`) in order.
   * At the root apiVersion, kind and metadata are always known.
   */
  prune(object: unknown): string[];
  /** Fills in defaults, in place; drops nulls where null is neither allowed nor defaulted, as Kubernetes does. */
  default(object: unknown): void;
  /** Checks values and, when all are well-formed, CEL rules. With `old`, also transition rules. At most 100 errors. */
  validate(object: unknown, old?: unknown): FieldError[];
}

/** A plain JSON object, not an array and not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
