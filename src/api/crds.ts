/**
 * The six CustomResourceDefinitions, made from the schemas. The bundle carries what this module evaluates to, as
 * JSON; so its only export is plain data.
 */
import type { TSchema } from 'typebox';
import { certificateRequestSchema } from './certificate-request.ts';
import { certificateSchema } from './certificate.ts';
import { challengeSchema } from './challenge.ts';
import type { CustomResourceDefinition, PrinterColumn, SchemaProps } from './custom-resource-definition.ts';
import { clusterIssuerSchema, issuerSchema } from './issuer.ts';
import { orderSchema } from './order.ts';
import {
  certificateRequests,
  certificates,
  challenges,
  clusterIssuers,
  issuers,
  orders,
  type ResourceType,
} from './resources.ts';

const column = (name: string, jsonPath: string): PrinterColumn => ({ name, type: 'string', jsonPath });
/** Shown with `-o wide` only. */
const wide = (name: string, jsonPath: string): PrinterColumn => ({ ...column(name, jsonPath), priority: 1 });
const condition = (type: string, field: string) => `.status.conditions[?(@.type == "${type}")].${field}`;

const issuerName = '.spec.issuerRef.name';
const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since the object was created.',
};
const ready = column('Ready', condition('Ready', 'status'));
const status = wide('Status', condition('Ready', 'message'));

const issuerFields = ['group', 'kind', 'name'].map((field) => ({ jsonPath: `.spec.issuerRef.${field}` }));

function definition(
  type: ResourceType,
  schema: TSchema,
  columns: readonly PrinterColumn[],
  selectableFields?: readonly { jsonPath: string }[],
): CustomResourceDefinition {
  const { group, kind, plural, singular, shortNames, categories } = type;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        ...(shortNames && { shortNames }),
        ...(categories && { categories }),
      },
      scope: type.namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: type.version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: plain(schema) },
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          ...(selectableFields && { selectableFields }),
        },
      ],
    },
  };
}

/** Drops what typebox keeps beside the JSON Schema itself, and gives every object its own copy. */
function plain(schema: TSchema): SchemaProps {
  return JSON.parse(JSON.stringify(schema)) as SchemaProps;
}

export const crds: readonly CustomResourceDefinition[] = [
  definition(
    certificates,
    certificateSchema,
    [ready, column('Secret', '.spec.secretName'), wide('Issuer', issuerName), status, age],
    issuerFields,
  ),
  definition(
    certificateRequests,
    certificateRequestSchema,
    [
      column('Approved', condition('Approved', 'status')),
      column('Denied', condition('Denied', 'status')),
      ready,
      column('Issuer', issuerName),
      column('Requester', '.spec.username'),
      status,
      age,
    ],
    issuerFields,
  ),
  definition(issuers, issuerSchema, [ready, status, age]),
  definition(clusterIssuers, clusterIssuerSchema, [ready, status, age]),
  definition(
    orders,
    orderSchema,
    [column('State', '.status.state'), wide('Issuer', issuerName), wide('Reason', '.status.reason'), age],
    issuerFields,
  ),
  definition(
    challenges,
    challengeSchema,
    [
      column('State', '.status.state'),
      column('Domain', '.spec.dnsName'),
      wide('Reason', '.status.reason'),
      age,
    ],
    issuerFields,
  ),
];
