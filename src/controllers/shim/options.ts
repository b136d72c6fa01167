/** What the flags of Ingress and Gateway automation say (spec/shims-webhook-cainjector.md §11). */
import { tlsAcme } from '../../api/annotations.ts';

export interface ShimOptions {
  /** Used where no annotation names an issuer. An empty name: there is none. */
  defaultIssuer: { name: string; kind: string; group: string };
  /** Ingress only: annotations whose value is true ask for Certificates from the default issuer. */
  autoCertificateAnnotations: readonly string[];
  /** Annotations of the object that its Certificates get too; whole keys. */
  extraCertificateAnnotations: readonly string[];
  /** `--enable-gateway-api` and its feature gate. */
  gatewayApi: boolean;
  /** `--enable-gateway-api-listenerset` and its feature gate; nothing without `gatewayApi`. */
  listenerSets: boolean;
  /** Listener protocols that carry TLS, beside HTTPS and TLS. */
  extraProtocols: readonly string[];
  /** Nobody asked for kinds that are not served: it is worth no line in the log. */
  quietWhileAbsent?: boolean;
}

export const defaultShimOptions: ShimOptions = {
  defaultIssuer: { name: '', kind: 'Issuer', group: 'cert-manager.io' },
  autoCertificateAnnotations: [tlsAcme],
  extraCertificateAnnotations: [],
  gatewayApi: false,
  listenerSets: false,
  extraProtocols: [],
};
