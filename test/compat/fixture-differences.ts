/** Where we leave something else behind than cert-manager 1.21 does for the same manifests, and why that is right. */

export interface FixtureDifference {
  kind: string;
  /** Absent: every object of the kind. */
  name?: string | RegExp;
  path: string | RegExp;
  why: string;
}

/** docs/decisions/0003-four-writes-four-events.md */
const fastPath =
  'on the fast path the key stays in memory until it is stored in the target Secret, so no event can name another one (decision 0003)';
const raced =
  'cert-manager issued this Certificate twice within two seconds, on a cache that had not seen the Secret yet; once is right';

export const fixtureDifferences: readonly FixtureDifference[] = [
  {
    kind: 'Certificate',
    path: /^event cert-manager-certificates-key-manager Normal (Generated|Reused)$/,
    why: fastPath,
  },
  { kind: 'Certificate', name: 'client', path: 'status.revision', why: raced },
  { kind: 'CertificateRequest', name: /^client-[12]$/, path: 'object', why: raced },
  {
    kind: 'CertificateRequest',
    path: 'annotations[cert-manager.io/private-key-secret-name]',
    why: 'names the target Secret: on the fast path that is where the key lies from the third write on (decision 0003)',
  },
  {
    kind: 'CertificateRequest',
    path: /^spec\.(username|groups)$/,
    why: "cert-manager's webhook, which records who asked, did not run when the fixtures were taken; our admission always does",
  },
  {
    kind: 'CertificateRequest',
    path: 'event cert-manager-certificaterequests-approver Normal cert-manager.io',
    why: 'the Approved condition says the same, with a time (decision 0003)',
  },
  {
    kind: 'CertificateRequest',
    path: /^event cert-manager-certificaterequests-issuer-\w+ Normal WaitingForApproval$/,
    why: 'nothing waits: approval and signature are one write (decision 0003)',
  },
  {
    kind: 'CertificateRequest',
    path: 'event cert-manager-certificaterequests-issuer-ca Normal IssuerNotReady',
    why: 'the request is made when the issuer is Ready, so that nothing waits for it (decision 0003)',
  },
  {
    kind: 'CertificateRequest',
    name: 'issuer-missing-1',
    path: /^event cert-manager-certificaterequests-issuer-(acme|selfsigned|vault|venafi) Normal IssuerNotFound$/,
    why: 'a missing issuer has no type: one source tells of it instead of all five',
  },
  {
    kind: 'CertificateRequest',
    name: /^(ecdsa-rotating|key-kept)-[2-5]$/,
    path: 'event cert-manager-certificaterequests-issuer-ca Normal CertificateIssued',
    why: 'the fixtures hold no events about the requests of later issuances; we tell of each',
  },
  {
    kind: 'ClusterIssuer',
    path: /^event cert-manager-clusterissuers /,
    why: 'events about cluster-wide objects are in namespace default, which the fixtures do not cover',
  },
];
