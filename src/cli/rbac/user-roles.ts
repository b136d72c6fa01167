/** The roles that people get through view, edit, admin and cluster-reader (spec/operations.md §11). */
import { allow, type PolicyRule } from './policy-rule.ts';

export interface UserRole {
  suffix: string;
  /** Roles that take these rules in. */
  aggregateTo: readonly ('view' | 'edit' | 'admin' | 'cluster-reader')[];
  rules: readonly PolicyRule[];
}

const certManager = 'cert-manager.io';
const acme = 'acme.cert-manager.io';
const read = ['get', 'list', 'watch'];
const change = ['create', 'delete', 'deletecollection', 'patch', 'update'];

/**
 * ClusterIssuers are never handed out for writing. Challenges and Orders may be cleaned up but not made: whoever could
 * make one could have an issuer's DNS credentials used for a zone of his own.
 */
export const userRoles: readonly UserRole[] = [
  {
    suffix: '-cluster-view',
    aggregateTo: ['cluster-reader'],
    rules: [allow(certManager, ['clusterissuers'], read)],
  },
  {
    suffix: '-view',
    aggregateTo: ['view', 'edit', 'admin', 'cluster-reader'],
    rules: [
      allow(certManager, ['certificates', 'certificaterequests', 'issuers'], read),
      allow(acme, ['challenges', 'orders'], read),
    ],
  },
  {
    suffix: '-edit',
    aggregateTo: ['edit', 'admin'],
    rules: [
      allow(certManager, ['certificates', 'certificaterequests', 'issuers'], change),
      allow(certManager, ['certificates/status'], ['update']),
      allow(acme, ['challenges'], ['delete', 'deletecollection', 'patch', 'update']),
      allow(acme, ['orders'], ['delete', 'deletecollection']),
    ],
  },
];
