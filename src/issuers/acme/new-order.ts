/** Which Order a CertificateRequest asks for: its spec, its name, its labels and owner (acme.md §4). Pure. */
import { isIP } from 'node:net';
import { acmeProfile } from '../../api/annotations.ts';
import { formatDurationNanos, parseDurationNanos } from '../../api/duration.ts';
import type { Order, OrderSpec } from '../../api/order.ts';
import type { ParsedCsr } from '../../pki/x509/parse-csr.ts';
import type { AnyIssuer, SigningRequest } from '../issuer.ts';
import { goStruct, issuerReferenceShape, longestPrefix, nameAfter, type GoShape } from './object-name.ts';

/** Longer ones are no profile names (draft-ietf-acme-profiles §3: words for people to choose from). */
const longestProfile = 64;

export type OrderAsk =
  | { ok: true; spec: OrderSpec }
  /** `reason` is an event reason of acme.md §4. */
  | { ok: false; reason: 'InvalidOrder' | 'OrderBuildingError'; message: string };

/** @param replaces RFC 9773 §5; only for CertificateRequests */
export function orderSpecFor(
  issuer: AnyIssuer,
  request: SigningRequest,
  csr: ParsedCsr,
  replaces?: string,
): OrderAsk {
  const { dnsNames, ipAddresses } = csr.subjectAltNames;
  const commonName = csr.subjectFields.commonName ?? '';
  if (commonName !== '' && !dnsNames.includes(commonName) && !ipAddresses.includes(commonName)) {
    return {
      ok: false,
      reason: 'InvalidOrder',
      message:
        'The CSR PEM requests a commonName that is not present in the list of dnsNames or ipAddresses. If a commonName is set, ACME requires that the value is also present in the list of dnsNames or ipAddresses: ' +
        `${JSON.stringify(commonName)} does not exist in [${dnsNames.join(' ')}] or [${ipAddresses.join(' ')}]`,
    };
  }
  if (dnsNames.length === 0 && ipAddresses.length === 0) {
    return {
      ok: false,
      reason: 'InvalidOrder',
      message:
        'The CSR PEM names no DNS name and no IP address, which is all that an ACME CA certifies: set spec.dnsNames or spec.ipAddresses',
    };
  }
  const { acme } = issuer.spec;
  const spec: OrderSpec = { request: request.spec.request, issuerRef: issuerReferenceOf(issuer, request) };
  if (commonName !== '') spec.commonName = commonName;
  if (dnsNames.length > 0) spec.dnsNames = [...dnsNames];
  if (ipAddresses.length > 0) spec.ipAddresses = [...ipAddresses];
  if (acme?.enableDurationFeature === true && (request.spec.duration ?? '') !== '') {
    const nanos = parseDurationNanos(request.spec.duration ?? '');
    if (nanos === undefined || nanos <= 0n) {
      const message = `Failed to build order: spec.duration ${JSON.stringify(request.spec.duration?.slice(0, 64))} is not a positive duration such as 2160h`;
      return { ok: false, reason: 'OrderBuildingError', message };
    }
    spec.duration = formatDurationNanos(nanos);
  }
  if (request.kubernetes === true) return { ok: true, spec };
  const profile = request.metadata?.annotations?.[acmeProfile] ?? acme?.profile ?? '';
  if (profile.length > longestProfile) {
    const message = `Failed to build order: the profile of annotation ${acmeProfile} or of spec.acme.profile is longer than ${longestProfile} characters`;
    return { ok: false, reason: 'OrderBuildingError', message };
  }
  if (profile !== '') spec.profile = profile;
  if (replaces !== undefined && replaces !== '') spec.replaces = replaces;
  return { ok: true, spec };
}

/** The reference of a Kubernetes CertificateSigningRequest is made from the issuer that its signer name means. */
function issuerReferenceOf(issuer: AnyIssuer, request: SigningRequest): OrderSpec['issuerRef'] {
  if (request.kubernetes !== true) return { ...request.spec.issuerRef };
  const kind = issuer.metadata?.namespace === undefined ? 'ClusterIssuer' : 'Issuer';
  return { name: issuer.metadata?.name ?? '', kind, group: 'cert-manager.io' };
}

const orderShape: GoShape = {
  issuerRef: { always: issuerReferenceShape },
  commonName: true,
  dnsNames: true,
  ipAddresses: true,
  duration: true,
  profile: true,
  replaces: true,
};

/** Goes by everything in the spec but the request itself. */
export function orderName(request: SigningRequest, spec: OrderSpec): string {
  const name = request.metadata?.name ?? '';
  const json = `{"request":null,${goStruct({ ...spec }, orderShape).slice(1)}`;
  if (name.length < longestPrefix) return nameAfter(name, json);
  const owner = request.kubernetes === true ? 'certificateSigningRequestName' : 'certificateRequestName';
  return nameAfter(name, `{"${owner}":${JSON.stringify(name)},"spec":${json}}`);
}

/** @param namespace that of the request; for a CertificateSigningRequest the resource namespace of the issuer */
export function orderFor(request: SigningRequest, spec: OrderSpec, namespace: string): Order {
  const { name = '', uid = '', labels, annotations } = request.metadata ?? {};
  const kubernetes = request.kubernetes === true;
  return {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Order',
    metadata: {
      name: orderName(request, spec),
      namespace,
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ownerReferences: [
        {
          apiVersion: kubernetes ? 'certificates.k8s.io/v1' : 'cert-manager.io/v1',
          kind: kubernetes ? 'CertificateSigningRequest' : 'CertificateRequest',
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec,
  };
}

/** Whether an identifier is an address; ACME has types for both (RFC 8738). */
export function identifierType(value: string): 'dns' | 'ip' {
  // Node takes an address with a zone for one, too (fe80::1%eth0); certificates have no room for zones.
  return isIP(value) === 0 || value.includes('%') ? 'dns' : 'ip';
}
