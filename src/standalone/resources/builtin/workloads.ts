/**
 * Pods, Services and EndpointSlices: stored and shown, run by nobody. Served only where the options ask for it
 * (`ServerOptions.workloads`): on one machine without a cluster they would promise what nothing keeps.
 */
import { endpointSlices, pods, services } from '../../../api/workloads.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import { defineResource } from '../define-resource.ts';
import { ageColumn, nameColumn } from '../printing.ts';
import { textOf, type JsonObject, type ResourceEntry } from '../resource-entry.ts';

/** Of the dozens of fields, only a few mean something to us, and nothing reads the rest. */
const open = (description: string, type: 'object' | 'array' = 'object'): JsonSchema =>
  type === 'array'
    ? {
        type,
        description,
        items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        'x-kubernetes-list-type': 'atomic',
      }
    : { type, description, 'x-kubernetes-preserve-unknown-fields': true };

const podEntry = defineResource({
  type: pods,
  description: 'Containers that run together.',
  properties: { spec: open('What is wanted.'), status: open('What is there.') },
  statusSubresource: true,
  tracksGeneration: true,
  columns: [
    nameColumn,
    column('Status', 'Phase of the Pod.', (pod) => textOf(part(pod, 'status')['phase'])),
    ageColumn,
  ],
  prepare: (pod, old) => {
    if (old === undefined) pod['status'] = { phase: 'Pending' };
  },
  validate: () => [],
});

const serviceEntry = defineResource({
  type: services,
  description: 'A name and an address for what answers.',
  properties: { spec: open('What is wanted.'), status: open('What is there.') },
  statusSubresource: true,
  columns: [
    nameColumn,
    column('Type', 'ClusterIP, NodePort or LoadBalancer.', (service) =>
      textOf(part(service, 'spec')['type']),
    ),
    ageColumn,
  ],
  prepare: (service, old) => {
    const spec = part(service, 'spec');
    spec['type'] ??= 'ClusterIP';
    if (old === undefined) service['status'] = { loadBalancer: {} };
  },
  validate: (service) =>
    Array.isArray(part(service, 'spec')['ports'])
      ? []
      : [{ type: 'Required', path: 'spec.ports', detail: 'say where it is reached' }],
});

const endpointSliceEntry = defineResource({
  type: endpointSlices,
  description: 'Addresses behind a Service.',
  properties: {
    addressType: { type: 'string', description: 'IPv4, IPv6 or FQDN; cannot be changed.' },
    endpoints: open('Who answers.', 'array'),
    ports: open('Where they answer.', 'array'),
  },
  required: ['addressType', 'endpoints'],
  columns: [
    nameColumn,
    column('AddressType', 'Family of the addresses.', (slice) => textOf(slice['addressType'])),
    ageColumn,
  ],
  validate: (slice, old) =>
    old !== undefined && old['addressType'] !== slice['addressType']
      ? [
          {
            type: 'Invalid',
            path: 'addressType',
            value: slice['addressType'],
            detail: 'field is immutable',
          },
        ]
      : [],
});

export const workloadEntries: readonly ResourceEntry[] = [podEntry, serviceEntry, endpointSliceEntry];

function column(name: string, description: string, cell: (it: JsonObject) => string) {
  return { name, type: 'string' as const, description, cell };
}

function part(of: JsonObject, key: string): JsonObject {
  const found = of[key];
  return typeof found === 'object' && found !== null ? (found as JsonObject) : {};
}
