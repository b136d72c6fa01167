/** Where our CRDs differ from cert-manager's on purpose, and why that is safe for objects that exist. */

export interface CrdDifference {
  kind: string;
  /** As in the field list: `.spec.dnsNames[]`. */
  path: string;
  /** Which column differs, or that the field is only on one side. */
  what: 'type' | 'required' | 'constraints' | 'missing' | 'extra';
  why: string;
}

const refusedSpec =
  "cert-manager's webhook refuses every object without a spec, so none is stored; readers then need not expect one";
const refusedRule =
  "a rule of cert-manager's webhook, moved into the CRD so that it holds without a webhook; whatever it refuses, the webhook refuses too";

export const crdDifferences: readonly CrdDifference[] = [
  {
    kind: 'Challenge',
    path: '.spec.type',
    what: 'constraints',
    why: 'two more types, TLS-ALPN-01 and DNS-PERSIST-01, which only solvers of ours bring about',
  },
  { kind: 'Certificate', path: '.spec', what: 'required', why: refusedSpec },
  { kind: 'CertificateRequest', path: '.spec', what: 'required', why: refusedSpec },
  { kind: 'Certificate', path: '.spec', what: 'constraints', why: refusedRule },
  { kind: 'Certificate', path: '.spec.nameConstraints', what: 'constraints', why: refusedRule },
  { kind: 'Certificate', path: '.spec.renewal', what: 'constraints', why: refusedRule },
  {
    kind: 'Certificate',
    path: '.spec.commonName',
    what: 'constraints',
    why: 'more than 64 characters are more than the 64 bytes that the webhook allows; the exact bound in bytes stays with admission',
  },
  { kind: 'Certificate', path: '.spec.revisionHistoryLimit', what: 'constraints', why: refusedRule },
  { kind: 'Issuer', path: '.spec', what: 'constraints', why: refusedRule },
  { kind: 'ClusterIssuer', path: '.spec', what: 'constraints', why: refusedRule },
];

/** Optional fields of ours, with everything below them: an object of cert-manager's has none of them and means the same without. */
export interface CrdExtension {
  /** The end of the path of the field. */
  field: string;
  why: string;
}

export const crdExtensions: readonly CrdExtension[] = [
  { field: '.solver.tlsALPN01', why: 'TLS-ALPN-01 (RFC 8737), which cert-manager does not have' },
  { field: '.solver.dnsPersist01', why: 'DNS-PERSIST-01, which cert-manager does not have' },
  {
    field: '.solver.http01.listener',
    why: 'HTTP-01 answered by the process itself, on a machine without a cluster',
  },
  { field: '.solver.http01.ingress.responder', why: 'HTTP-01 without a Pod for each challenge' },
  { field: '.solver.http01.gatewayHTTPRoute.responder', why: 'HTTP-01 without a Pod for each challenge' },
  { field: '.solver.dns01.httpreq', why: 'DNS providers through a server that speaks the httpreq protocol' },
  { field: '.solver.dns01.exec', why: 'DNS providers through a program that the configuration names' },
  {
    field: '.solver.dns01.nameservers',
    why: "on cert-manager's development branch: resolvers for each solver",
  },
  {
    field: '.acme.renewalInformationSource',
    why: "on cert-manager's development branch: ARI for each issuer",
  },
  { field: 'Challenge .status.checks', why: 'what each view of the self-check saw' },
  { field: 'Challenge .status.nextAttemptAt', why: 'when a challenge that has to wait goes on' },
  { field: 'Challenge .status.cleanUpAttempts', why: 'clean-up is bounded, so its attempts are counted' },
  {
    field: 'Challenge .status.writtenNames',
    why: 'a record is removed where it was written, also when its CNAME has changed since',
  },
  { field: 'Order .status.problem', why: 'whose fault it is, for fallback issuers: reasons are for people' },
  { field: 'Order .status.nextAttemptAt', why: 'when an order that has to wait goes on' },
];
