/** Which issuer `spec.signerName` of a CertificateSigningRequest means (spec/certificate-lifecycle.md §24). */

export interface SignerReference {
  kind: 'Issuer' | 'ClusterIssuer';
  /** Empty for a ClusterIssuer. */
  namespace: string;
  name: string;
}

const issuerPrefix = 'issuers.cert-manager.io/';
const clusterIssuerPrefix = 'clusterissuers.cert-manager.io/';

/** Undefined for signers that are none of ours, and for names that no issuer can have. */
export function signerReference(signerName: string): SignerReference | undefined {
  if (signerName.startsWith(clusterIssuerPrefix)) {
    const name = signerName.slice(clusterIssuerPrefix.length);
    return isName(name) ? { kind: 'ClusterIssuer', namespace: '', name } : undefined;
  }
  if (!signerName.startsWith(issuerPrefix)) return undefined;
  const path = signerName.slice(issuerPrefix.length);
  // Namespaces hold no dots, names may.
  const dot = path.indexOf('.');
  if (dot < 0) return undefined;
  const [namespace, name] = [path.slice(0, dot), path.slice(dot + 1)];
  return isName(namespace) && isName(name) ? { kind: 'Issuer', namespace, name } : undefined;
}

function isName(text: string): boolean {
  return text !== '' && !text.includes('/');
}

/** For people: `Issuer shop/ca`, `ClusterIssuer ca`. */
export function titleOf({ kind, namespace, name }: SignerReference): string {
  return kind === 'Issuer' ? `${kind} ${namespace}/${name}` : `${kind} ${name}`;
}
