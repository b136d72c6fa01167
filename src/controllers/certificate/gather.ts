/** Collects the facts about one Certificate from the shared caches; cost does not depend on how many Certificates there are. */
import type { Certificate } from '../../api/certificate.ts';
import type { Secret } from '../../api/core.ts';
import type { Condition } from '../../api/meta.ts';
import { secrets } from '../../api/resources.ts';
import type { AnyIssuer, IssuerType } from '../../issuers/issuer.ts';
import { cacheKey } from '../../kube/cache.ts';
import { NotFoundError } from '../../kube/errors.ts';
import { signsFor, type ControllerContext } from '../context.ts';
import type { Breaker } from './breaker.ts';
import type { KeyFacts } from './key-facts.ts';
import { namedIssuer } from '../named-issuer.ts';
import { labelKeys, ownGroup } from './constants.ts';
import type { AcmeFacts, Attempt, Facts, Route } from './facts.ts';
import { candidateOf, holdsOf } from './fallback/gather-fallback.ts';
import { issuerChain } from './fallback/issuer-chain.ts';
import { effectiveRef } from './issuer-match.ts';
import { acmeOrigin, renewalQuestion } from './renewal-info/certificate-origin.ts';
import type { RenewalInfoPoller } from './renewal-info/poller.ts';
import type { RequestFactsBook } from './request-trim.ts';
import type { SecretFacts } from './secret-facts.ts';
import { trimSecret } from './secret-trim.ts';

/** What this process remembers of a Certificate that has not got its certificate yet. */
export interface Waiting {
  generation: number;
  sinceMs: number;
  /** The issuer had to ask for patience: take the durable path until the certificate is there. */
  durable: boolean;
}

export interface GatherDeps {
  context: ControllerContext;
  book: RequestFactsBook;
  breaker: Breaker;
  keyFacts: KeyFacts;
  waiting: Map<string, Waiting>;
  /** By uid of the Certificate. */
  attempts: Map<string, Attempt>;
  /** Absent: no CA is asked when to renew. */
  poller?: RenewalInfoPoller;
}

/** The issuer that a Certificate names, when it can be used in process. */
export interface InProcessIssuer {
  issuer: AnyIssuer;
  type: IssuerType;
}

/** `gone`: uids of objects that were deleted a moment ago and may still be in the caches. */
export async function gather(
  deps: GatherDeps,
  certificate: Certificate,
  gone: ReadonlySet<string>,
): Promise<Facts> {
  const { context, book, breaker } = deps;
  const { informers, options, clock } = context;
  const { namespace = '', name = '', uid = '', generation = 0 } = certificate.metadata ?? {};
  const secret = await targetSecretFacts(deps, cacheKey(namespace, certificate.spec.secretName));
  const subject = { uid, namespace, generation };
  const nowMs = clock.now();
  const sharing = informers.certificates.byIndex(
    'secretName',
    cacheKey(namespace, certificate.spec.secretName),
  );
  const claimants = sharing
    .filter((other) => other.metadata?.deletionTimestamp === undefined)
    .map((other) => ({ name: other.metadata?.name ?? '', created: other.metadata?.creationTimestamp ?? '' }));
  if (!claimants.some((claimant) => claimant.name === name)) {
    claimants.push({ name, created: certificate.metadata?.creationTimestamp ?? '' });
  }
  const owned = informers.certificateRequests
    .byIndex('owner', cacheKey(namespace, uid))
    .filter(
      (request) =>
        request.metadata?.deletionTimestamp === undefined && !gone.has(request.metadata?.uid ?? ''),
    )
    .map((request) => book.of(request));
  const requests = owned.filter((request) => request.isCanary !== true);
  const chain = issuerChain(certificate);
  return {
    certificate,
    secret,
    chain,
    candidates: chain.issuers.map((ref) => candidateOf(context, namespace, ref)),
    holds: holdsOf(context, namespace, owned),
    requests,
    canaries: requests.length === owned.length ? [] : owned.filter((request) => request.isCanary === true),
    nextKeys: informers.secrets
      .byIndex('owner', cacheKey(namespace, uid))
      .filter(
        (candidate) => candidate.labels[labelKeys.nextPrivateKey] === 'true' && !gone.has(candidate.uid),
      ),
    claimants,
    route: routeOf(deps, certificate, nowMs),
    blockedUntil: {
      issue: breaker.blockedUntil('issue', subject, nowMs),
      repair: breaker.blockedUntil('repair', subject, nowMs),
      brokeOff: breaker.brokeOff(subject),
    },
    waitingSinceMs: deps.waiting.get(uid)?.sinceMs,
    attempt: deps.attempts.get(uid) ?? {},
    acme: secret === undefined ? undefined : acmeFacts(deps, certificate, secret),
    ownerRef: options.enableCertificateOwnerRef,
    minBackoffMs: options.minBackoffMs,
    maxBackoffMs: options.maxBackoffMs,
  };
}

function acmeFacts(
  { context, poller }: GatherDeps,
  certificate: Certificate,
  secret: SecretFacts,
): AcmeFacts | undefined {
  if (acmeOrigin(context, certificate, secret) === undefined) return undefined;
  const question = renewalQuestion(context, certificate, secret);
  if (question === undefined || poller === undefined || poller.hasNone(question.issuer)) return {};
  const { namespace, name = '' } = certificate.metadata ?? {};
  return { renewalInfo: poller.stateOf(cacheKey(namespace, name), question.certId) };
}

/** From the cache of labelled Secrets; one that is only known by its metadata is read live (lifecycle §3). */
async function targetSecretFacts(deps: GatherDeps, key: string): Promise<SecretFacts | undefined> {
  const { informers, client } = deps.context;
  const cached = informers.secrets.get(key);
  if (cached !== undefined) return cached;
  const metadata = informers.otherSecrets.get(key);
  if (metadata === undefined) return undefined;
  try {
    return trimSecret(
      await client.get<Secret>(secrets, { namespace: metadata.namespace, name: metadata.name }),
      deps.keyFacts,
    );
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

function issuerOf(context: ControllerContext, certificate: Certificate): AnyIssuer | undefined {
  return namedIssuer(context.informers, certificate.metadata?.namespace, certificate.spec.issuerRef);
}

/** The issuer and its type when both are there, Ready, and answer in process. */
export function inProcessIssuer(
  context: ControllerContext,
  certificate: Certificate,
): InProcessIssuer | undefined {
  const issuer = issuerOf(context, certificate);
  if (issuer === undefined || readyCondition(issuer)?.status !== 'True') return undefined;
  const resolved = context.issuerTypes.resolve(issuer);
  if (resolved.kind !== 'known' || !resolved.type.inProcess) return undefined;
  return signsFor(context.options, resolved.type.component) ? { issuer, type: resolved.type } : undefined;
}

export function readyCondition(issuer: AnyIssuer): Condition | undefined {
  return issuer.status?.conditions?.find((condition) => condition.type === 'Ready');
}

function routeOf(deps: GatherDeps, certificate: Certificate, nowMs: number): Route {
  const { context, waiting } = deps;
  const { uid = '', generation = 0 } = certificate.metadata ?? {};
  const remembered = waiting.get(uid);
  const current = remembered?.generation === generation ? remembered : undefined;
  const ref = effectiveRef(certificate.spec.issuerRef);
  if (ref.group !== ownGroup || !context.options.approve || current?.durable === true)
    return { kind: 'durable' };
  if (inProcessIssuer(context, certificate) !== undefined) return { kind: 'fast' };
  const issuer = issuerOf(context, certificate);
  if (issuer !== undefined) {
    const resolved = context.issuerTypes.resolve(issuer);
    if (resolved.kind !== 'known' || !resolved.type.inProcess) return { kind: 'durable' };
    if (!signsFor(context.options, resolved.type.component)) return { kind: 'durable' };
  }
  const untilMs = Math.min(current?.sinceMs ?? nowMs, nowMs) + context.options.issuerGraceMs;
  if (untilMs <= nowMs) return { kind: 'durable' };
  const why = `${ref.kind} "${ref.name}" ${issuer === undefined ? 'does not exist (yet)' : 'is not Ready (yet)'}`;
  return { kind: 'wait', untilMs, why };
}
