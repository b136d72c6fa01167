/** CustomResourceDefinition (apiextensions.k8s.io/v1), reduced to what ours and external issuers' use. No schema library in here: this is read at run time. */
import type { KubeObject } from './meta.ts';

/** OpenAPI v3 with Kubernetes' extensions; a structural schema. */
export interface SchemaProps {
  description?: string;
  type?: string;
  format?: string;
  default?: unknown;
  nullable?: boolean;
  enum?: readonly unknown[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  required?: readonly string[];
  properties?: Readonly<Record<string, SchemaProps>>;
  additionalProperties?: boolean | SchemaProps;
  items?: SchemaProps;
  anyOf?: readonly SchemaProps[];
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-validations'?: readonly {
    rule: string;
    message?: string;
    reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
    fieldPath?: string;
  }[];
}

export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  description?: string;
  format?: string;
  /** Above zero: only with `-o wide`. */
  priority?: number;
}

export interface CustomResourceDefinitionVersion {
  name: string;
  served: boolean;
  storage: boolean;
  schema?: { openAPIV3Schema?: SchemaProps };
  subresources?: { status?: Record<string, never>; scale?: Record<string, unknown> };
  additionalPrinterColumns?: readonly PrinterColumn[];
  selectableFields?: readonly { jsonPath: string }[];
}

export interface CustomResourceDefinition extends KubeObject {
  spec: {
    group: string;
    names: {
      kind: string;
      listKind?: string;
      plural: string;
      singular?: string;
      shortNames?: readonly string[];
      categories?: readonly string[];
    };
    scope: 'Namespaced' | 'Cluster';
    versions: readonly CustomResourceDefinitionVersion[];
  };
  status?: Record<string, unknown>;
}
