/** How a Certificate, CertificateRequest, Order or Challenge names its signer. */
import { object, optional, text, type Static } from './schema.ts';

export const issuerReferenceSchema = object(
  'The signer. An Issuer is looked up in the same namespace; a ClusterIssuer belongs to no namespace.',
  {
    name: text('Name of the signer.'),
    kind: optional(
      text('Kind of the signer: Issuer, ClusterIssuer or a kind of another group. Default: Issuer.'),
    ),
    group: optional(text('API group of the signer. Default: cert-manager.io.')),
  },
);

export interface IssuerReference extends Static<typeof issuerReferenceSchema> {}
