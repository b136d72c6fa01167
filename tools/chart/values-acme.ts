/** Values of ACME: who answers challenges, and whom the controller asks. */
import { flag, integer, oneOf, optional, own, port, same, text, texts, type ValueRow } from './value-row.ts';

export const acmeValues: readonly ValueRow[] = [
  own(
    'acme.http01.responder',
    'resident',
    oneOf('resident', 'pod'),
    'Who answers HTTP-01 where a solver does not say. `resident`: the controller, through a Service and an EndpointSlice in the namespace of the challenge; `pod`: a Pod for each challenge, as cert-manager has it.',
  ),
  own('acme.http01.port', 8089, port, 'Port of the container that the resident responder listens on.'),
  own(
    'acme.http01.publicResolver',
    '',
    text,
    'Resolver outside the cluster, as `ip:port` or `https://` (RFC 8484): the self-check then also looks as the CA does.',
  ),
  own(
    'acme.tlsAlpn01.port',
    null,
    optional(port),
    'Port of the container that TLS-ALPN-01 is answered at. Empty: it is not.',
  ),
  own('acme.webhookGroups', [], texts, 'API groups of DNS-01 webhook solvers that the controller may call.'),
  own(
    'acme.serviceAccountTokens',
    false,
    flag,
    'May ask for tokens of ServiceAccounts that issuers name (Route53 `auth.kubernetes`): a right on every ServiceAccount that is served.',
  ),
  own('acme.openshift', false, flag, 'Rights that OpenShift asks for beside those of Kubernetes.'),
  same('maxConcurrentChallenges', 60, integer(1), 'Challenges worked on at the same time.'),
  same(
    'dns01RecursiveNameservers',
    '',
    text,
    'Name servers of the DNS-01 self-check, as `ip:port` or `https://`, with commas. Empty: those of the Pod.',
  ),
  same('dns01RecursiveNameserversOnly', false, flag, 'Never ask authoritative name servers.'),
  same('acmesolver.runtimeClassName', '', text, 'Runtime class of solver Pods.'),
];
