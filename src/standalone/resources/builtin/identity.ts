/** ServiceAccounts and Leases. */
import { leases, serviceAccounts } from '../../../api/resources.ts';
import { defineResource } from '../define-resource.ts';
import { ageColumn, nameColumn } from '../printing.ts';
import { textOf, type JsonObject } from '../resource-entry.ts';
import { flag, int, microTime, object, objectReference, text } from '../schemas.ts';

const byName = {
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  'x-kubernetes-patch-merge-key': 'name',
  'x-kubernetes-patch-strategy': 'merge',
} as const;

export const serviceAccountEntry = defineResource({
  type: serviceAccounts,
  description: 'An identity for programs.',
  properties: {
    automountServiceAccountToken: flag('Whether pods get a token mounted.'),
    secrets: {
      type: 'array',
      description: 'Secrets that pods of this account may use.',
      items: objectReference,
      ...byName,
    },
    imagePullSecrets: {
      type: 'array',
      description: 'Secrets for pulling images.',
      items: object('Refers to an object in the same namespace.', { name: text('Name of the object.') }),
      'x-kubernetes-list-type': 'atomic',
    },
  },
  unserved: new Map([
    [
      'token',
      'no tokens are issued for service accounts here: use the kubeconfig that `certwright up` writes, or a client ' +
        'certificate of the authority named by --client-ca',
    ],
  ]),
  columns: [
    nameColumn,
    {
      name: 'Secrets',
      type: 'string',
      description: 'Number of secrets.',
      cell: (account) => String(Array.isArray(account['secrets']) ? account['secrets'].length : 0),
    },
    ageColumn,
  ],
});

function specOf(lease: JsonObject): JsonObject {
  const spec = lease['spec'];
  return typeof spec === 'object' && spec !== null ? (spec as JsonObject) : {};
}

export const leaseEntry = defineResource({
  type: leases,
  versionedUpdate: true,
  description: 'A claim that one holder renews, for leader election.',
  properties: {
    spec: object('The claim.', {
      holderIdentity: text('Who holds it.'),
      leaseDurationSeconds: int('How long the claim holds without being renewed.'),
      acquireTime: microTime('When the holder got it.'),
      renewTime: microTime('When the holder last renewed it.'),
      leaseTransitions: int('How often the holder changed.'),
      strategy: text('How a coordinated election chooses.'),
      preferredHolder: text('Who should take over.'),
    }),
  },
  columns: [
    nameColumn,
    {
      name: 'Holder',
      type: 'string',
      description: 'Who holds it.',
      cell: (lease) => textOf(specOf(lease)['holderIdentity']),
    },
    ageColumn,
  ],
  validate: (lease) =>
    ['leaseDurationSeconds', 'leaseTransitions'].flatMap((field) => {
      const value = specOf(lease)[field];
      const least = field === 'leaseDurationSeconds' ? 1 : 0;
      return typeof value === 'number' && value < least
        ? [
            {
              type: 'Invalid' as const,
              path: `spec.${field}`,
              value,
              detail: `must be greater than or equal to ${least}`,
            },
          ]
        : [];
    }),
});
