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
