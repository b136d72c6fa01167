/** What keeps a Certificate from being issued: the deepest object that says something, when it goes on, what to do. Pure. */
import type { Condition } from '../../../api/meta.ts';
import type { Challenge } from '../../../api/challenge.ts';
import { issuerReasons } from '../../../api/reasons.ts';
import { saysNoAddress } from '../../../solvers/http01/check/resolve-name.ts';
import type { Chain } from './read-chain.ts';
import { remedies, remedyIn } from './remedies.ts';

export interface Verdict {
  ready: boolean;
  /** Object that says so: `Challenge shop/web-1-1-2`. Absent: all is well. */
  at?: string;
  cause?: string;
  /** RFC 3339. Absent: nobody waits for a time. */
  nextAttemptAt?: string;
  remedy?: string;
}

export function judge(chain: Chain): Verdict {
  const { certificate, issuer, request, order } = chain;
  const ready = conditionOf(certificate.status?.conditions, 'Ready')?.status === 'True';
  const issuing = conditionOf(certificate.status?.conditions, 'Issuing');
  // What is in the Secret still works, and nobody would hear of a renewal that failed before it runs out.
  const renewalFailed = issuing?.status === 'False' && certificate.status?.lastFailureTime !== undefined;
  if (ready && issuing?.status !== 'True' && !renewalFailed) return { ready };
  const { namespace = '', name = '' } = certificate.metadata ?? {};
  const signer = request?.spec.issuerRef ?? certificate.spec.issuerRef;
  const verdict = (
    at: string,
    cause: string,
    more: Omit<Verdict, 'ready' | 'at' | 'cause'> = {},
  ): Verdict => ({
    ready,
    at,
    cause: oneLine(cause),
    ...more,
  });
  const state = order?.status?.state;
  const isOver = state === 'invalid' || state === 'errored' || state === 'expired';
  if (isOver && issuing?.status !== 'True') {
    const failed = worstOf(chain.challenges.filter(({ status }) => isFailed(status?.state)));
    const cause = failed?.status?.reason ?? order?.status?.reason ?? '';
    return verdict(
      failed === undefined ? `Order ${namespace}/${order?.metadata?.name}` : challengeTitle(failed),
      cause,
      {
        remedy: `${remedyOf(cause, order?.status?.problem) ?? 'correct what the message names'}; it is tried again after a pause, or at once by: certwright acme renew ${name} --namespace ${namespace}`,
      },
    );
  }
  const own = conditionOf(issuer?.status?.conditions, 'Ready');
  const kind = signer.kind ?? 'Issuer';
  const isOurs = signer.group === undefined || signer.group === '' || signer.group === 'cert-manager.io';
  const title =
    kind === 'ClusterIssuer' ? `ClusterIssuer ${signer.name}` : `${kind} ${namespace}/${signer.name}`;
  if (isOurs && issuer === undefined)
    return verdict(title, 'it does not exist', {
      remedy: 'create it, or correct spec.issuerRef of the Certificate',
    });
  if (own !== undefined && own.status !== 'True')
    return verdict(title, `${own.reason ?? ''}: ${own.message ?? ''}`, {
      remedy: issuerRemedy(issuer, title, own),
    });
  const open = worstOf(chain.challenges.filter(({ status }) => status?.state !== 'valid'));
  const held = order?.status?.nextAttemptAt;
  if (order !== undefined && held !== undefined)
    return verdict(`Order ${namespace}/${order.metadata?.name}`, order.status?.reason ?? '', {
      nextAttemptAt: held,
      ...optionalRemedy(remedyOf(order.status?.reason ?? '', order.status?.problem)),
    });
  if (open !== undefined) {
    const { reason = '', nextAttemptAt, checks = [] } = open.status ?? {};
    const failed = checks.filter(({ passed, trusted }) => !passed && trusted !== false);
    const unseen = failed.find(({ answer }) => !saysNoAddress(answer));
    return verdict(challengeTitle(open), reason === '' ? 'it was not worked on yet' : reason, {
      ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
      ...optionalRemedy(
        remedyIn(reason) ??
          (failed.length === 0
            ? unwrittenRemedy(open, title)
            : unseen === undefined
              ? addressRemedy(open)
              : unseenRemedy(open, unseen.view)),
      ),
    });
  }
  if (order !== undefined && state !== 'valid')
    return verdict(
      `Order ${namespace}/${order.metadata?.name}`,
      order.status?.reason ?? stateOf(state, chain.challenges),
      optionalRemedy(
        remedyOf(order.status?.reason ?? '', order.status?.problem) ??
          ((order.status?.reason ?? '') === ''
            ? undefined
            : 'correct what the message names, which may be a solver of the issuer or its selector: docs/acme-issuers.md; it goes on by itself'),
      ),
    );
  const said = conditionOf(request?.status?.conditions, 'Ready');
  if (request !== undefined && said?.status !== 'True') {
    const approved = conditionOf(request.status?.conditions, 'Approved')?.status === 'True';
    return verdict(
      `CertificateRequest ${namespace}/${request.metadata?.name}`,
      said === undefined
        ? approved
          ? 'nobody has answered it yet'
          : 'it waits for approval'
        : `${said.reason}: ${said.message}`,
      approved || said !== undefined
        ? {}
        : { remedy: 'approve it, or run the approver (docs/troubleshooting.md)' },
    );
  }
  const told = conditionOf(certificate.status?.conditions, 'Ready');
  // Ready may say what Issuing does, and why no request can be made.
  const isMore = told?.status !== 'True' && told?.message?.startsWith(issuing?.message ?? '') === true;
  const condition = (issuing?.status === 'True' || renewalFailed) && !isMore ? issuing : told;
  return verdict(
    `Certificate ${namespace}/${name}`,
    condition === undefined
      ? 'no controller has looked at it yet'
      : `${condition.reason ?? ''}: ${condition.message ?? ''}`,
    condition === undefined ? { remedy: 'is Certwright running, and does it serve this namespace?' } : {},
  );
}

/** Of an Order that gives no reason: what goes on, as nothing is wrong that anybody knows of. */
function stateOf(state: string | undefined, challenges: readonly Challenge[]): string {
  if (state === undefined || state === '') return 'the CA is being asked for it, and has not answered yet';
  const proven = state === 'pending' && challenges.length > 0 ? ', with all names proven' : '';
  return `the CA calls it ${state}${proven}; it is asked again by itself`;
}

function optionalRemedy(remedy: string | undefined): { remedy?: string } {
  return remedy === undefined ? {} : { remedy };
}

function remedyOf(reason: string, problem: string | undefined): string | undefined {
  if (problem === 'about:blank')
    return 'see that the CA can be reached from here (DNS, proxy, firewall); it is asked again by itself';
  return remedyIn(problem ?? '') ?? remedyIn(reason);
}

/** By what the issuer was doing: an "unauthorized" is about the account here, and not about a name. */
function issuerRemedy(issuer: Chain['issuer'], title: string, ready: Condition): string {
  const message = ready.message ?? '';
  const acme = issuer?.spec.acme;
  if (acme === undefined || ready.reason !== issuerReasons.errRegisterAcmeAccount)
    return remedyIn(message) ?? 'correct the issuer; everything goes on by itself';
  const binding = acme.externalAccountBinding;
  const refused = remedyIn(message);
  if (refused !== undefined && refused !== remedies['unauthorized'] && refused !== remedies['malformed'])
    return refused;
  if (refused === undefined)
    return `do what the message names; else see that spec.acme.server (${acme.server}) of ${title} is the address of a directory, and can be reached from here (DNS, proxy, firewall, spec.acme.caBundle). It is tried again by itself, and when the issuer changes`;
  if (binding === undefined)
    return `look at the words of the CA: it refuses the account of ${title}, not a name. It is tried again when the issuer changes`;
  const { name, key } = binding.keySecretRef;
  return `see at the CA whether its external account key still counts (they end, and some may be used once), and that both halves are as it gave them out: spec.acme.externalAccountBinding.keyID ${JSON.stringify(binding.keyID)} of ${title}, and entry ${JSON.stringify(key)} of Secret ${JSON.stringify(name)}. It is tried again when either changes`;
}

/** The answer could not be put in place: where the credentials are that may be to blame. */
function unwrittenRemedy({ spec, status }: Challenge, title: string): string | undefined {
  const [[provider, settings] = []] = Object.entries(spec.solver.dns01 ?? {}).filter(
    ([name]) => name !== 'cnameStrategy' && name !== 'nameservers',
  );
  if (provider === undefined || status?.presented === true || (status?.reason ?? '') === '') return undefined;
  const secrets = Object.entries(settings as object).flatMap(([field, value]: [string, unknown]) =>
    field.endsWith('SecretRef') && typeof value === 'object' && value !== null && 'name' in value
      ? [`Secret ${JSON.stringify(value.name)} (${field})`]
      : [],
  );
  const and = secrets.length === 0 ? '' : `, ${secrets.join(', ')}`;
  return `correct what the message names; the solver is dns01.${provider} of ${title}${and}: docs/dns-providers.md. Secrets are read again at each attempt`;
}

/** The name leads nowhere: there is nobody to ask who answers. */
function addressRemedy({ spec }: Challenge): string {
  const { ingress, gatewayHTTPRoute } = spec.solver.http01 ?? {};
  const whose =
    ingress !== undefined
      ? 'of the ingress controller (kubectl get ingress --all-namespaces shows it)'
      : gatewayHTTPRoute !== undefined
        ? 'of the Gateway (kubectl get gateway --all-namespaces shows it)'
        : 'at which the world reaches the machine that answers';
  return `make the record that is missing: ${spec.dnsName}. A <address>, for IPv6 AAAA, with the address ${whose}. It is looked for again by itself; where the record is there and only this network does not know it: docs/http01.md`;
}

function unseenRemedy({ spec }: Challenge, view: string): string {
  switch (spec.type) {
    case 'HTTP-01':
      return `curl -v http://${spec.dnsName}/.well-known/acme-challenge/${spec.token} shows who answers; view "${view}" and hairpins: docs/http01.md`;
    case 'TLS-ALPN-01':
      return `openssl s_client -alpn acme-tls/1 -servername ${spec.dnsName} -connect ${spec.dnsName}:443 shows who answers: docs/standalone-public.md`;
    case 'DNS-PERSIST-01':
      return `set the TXT record that the reason shows at _validation-persist.${spec.dnsName}: docs/dns-persist.md`;
    default:
      return `dig +trace TXT _acme-challenge.${spec.dnsName} shows who answers; split DNS and wrong zones: docs/dns01.md`;
  }
}

/** One of many: first those that have failed, then those that say something, of these first those that stay. */
function worstOf(challenges: readonly Challenge[]): Challenge | undefined {
  const weight = (challenge: Challenge): number =>
    (isFailed(challenge.status?.state) ? 4 : 0) +
    ((challenge.status?.reason ?? '') === '' ? 0 : 2) +
    (isBeingRemoved(challenge) ? 0 : 1);
  return challenges.toSorted((a, b) => weight(b) - weight(a))[0];
}

const isFailed = (state: string | undefined): boolean =>
  state === 'invalid' || state === 'errored' || state === 'expired';

export const isBeingRemoved = ({ metadata }: Challenge): boolean => metadata?.deletionTimestamp !== undefined;

export function challengeTitle({ metadata, spec }: Challenge): string {
  return `Challenge ${metadata?.namespace}/${metadata?.name} (${spec.dnsName} by ${spec.type})`;
}

export function conditionOf(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export const oneLine = (text: string): string => text.replaceAll(/\s+/gu, ' ').trim();
