/**
 * What one ACME certificate costs cert-manager 1.21 in API requests, counted by its documented flow: there is no
 * cert-manager here to be measured. Source: spec/acme.md, the section beside each row.
 */

export interface Step {
  what: string;
  /** Requests that happen once for each Certificate, and once more for each name. */
  once: number;
  perName: number;
  section: string;
}

export const peerFlow: readonly Step[] = [
  // Measured with a CA issuer, where signing is one status write: design §10.
  {
    what: 'Certificate, its request, Secret and events, as with a CA issuer',
    once: 23,
    perName: 0,
    section: '-',
  },
  { what: 'CertificateRequest: pending status and its event', once: 2, perName: 0, section: '§4' },
  { what: 'Order: created', once: 1, perName: 0, section: '§4' },
  {
    what: 'Order: status after newOrder, authorizations, ready, valid with certificate',
    once: 4,
    perName: 0,
    section: '§5',
  },
  { what: 'Order: event Complete', once: 1, perName: 0, section: '§5' },
  { what: 'Challenge: created, event Created, deleted', once: 0, perName: 3, section: '§5' },
  { what: 'Challenge: processing, event Started', once: 0, perName: 2, section: '§7.1' },
  { what: 'Challenge: finalizer set and taken away', once: 0, perName: 2, section: '§7.2' },
  {
    what: 'Challenge: status state, presented, valid, no longer presented',
    once: 0,
    perName: 4,
    section: '§7.3',
  },
  { what: 'Challenge: events Presented, DomainVerified', once: 0, perName: 2, section: '§7.3' },
  { what: 'Pod, Service, Ingress: created and deleted', once: 0, perName: 6, section: '§8' },
];

/** API requests for one Certificate with that many names by HTTP-01. */
export function peerRequests(names: number): number {
  return peerFlow.reduce((sum, { once, perName }) => sum + once + perName * names, 0);
}
