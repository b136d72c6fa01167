/** The TLS-ALPN-01 solvers: a certificate shown in a TLS handshake on port 443 (RFC 8737). Not in cert-manager. */
import { list, object, optional, textMap, type Static } from './schema.ts';
import { parentReferenceSchema } from './solver-http01.ts';

export const tlsAlpn01SolverSchema = object(
  'Prove control in a TLS handshake on port 443. Exactly one of the sections; cannot do wildcards.',
  {
    listener: optional(
      object(
        'The listener of this process answers; whatever stands in front of it has to pass TLS through to it.',
        {},
      ),
    ),
    gatewayTLSRoute: optional(
      object('Answer through a Gateway API TLSRoute; the listener of the Gateway has to pass TLS through.', {
        labels: optional(textMap('Labels of the TLSRoutes made.')),
        parentRefs: optional(list(parentReferenceSchema, 'Gateways to attach the TLSRoutes to.')),
      }),
    ),
  },
);

export interface TlsAlpn01Solver extends Static<typeof tlsAlpn01SolverSchema> {}
