/** Decides what to do about one CertificateSigningRequest: pure, over everything known (spec/certificate-lifecycle.md §24). */
import { requestDuration, requestIsCA } from '../../api/annotations.ts';
import { formatDuration, parseDuration } from '../../api/duration.ts';
import type { AnyIssuer, IssuerType } from '../../issuers/issuer.ts';
import type { ResolvedType } from '../../issuers/registry.ts';
import { isApproved, isClosed, type SigningFacts } from './signing-facts.ts';
import { signerReference, titleOf, type SignerReference } from './signer-name.ts';

export interface DecideInput {
  request: SigningFacts;
  /** The issuer that `spec.signerName` means; undefined when the cache has none. */
  issuer: AnyIssuer | undefined;
  /** How `issuer` is served; undefined without an issuer. */
  resolved: ResolvedType | undefined;
  /** Signer components that are switched on, such as `ca`. */
  signers: ReadonlySet<string>;
  /** Whether the requester may reference the issuer, once that was asked. */
  mayReference?: boolean;
}

/** `why` is for the log; `component` is the suffix of the event source. */
export type SigningDecision =
  | { do: 'nothing'; why: string }
  /** Only tell: the request stays open. */
  | { do: 'tell'; type: 'Normal' | 'Warning'; reason: string; message: string; component: string }
  /** Ask the API server whether the requester may reference this issuer, and decide again. */
  | { do: 'ask-reference'; signer: SignerReference; component: string }
  /** For ever: the Failed condition, and a Warning event of the same words. */
  | { do: 'fail'; reason: string; message: string; component: string }
  | { do: 'sign'; type: IssuerType; issuer: AnyIssuer; durationMs: number; isCA: boolean; why: string };

export const minimumDurationMs = 600_000;
export const defaultDurationMs = 90 * 24 * 3_600_000;

export function decide(input: DecideInput): SigningDecision {
  const { request, issuer, resolved, signers } = input;
  const signer = signerReference(request.spec.signerName);
  if (signer === undefined) return nothing('its signer is none of ours');
  if (request.metadata?.deletionTimestamp !== undefined) return nothing('is being deleted');
  if (isClosed(request)) return nothing('is denied or failed');
  if (request.issued) return nothing('carries its certificate');
  const component = componentOf(resolved, signers);
  const tell = (type: 'Normal' | 'Warning', reason: string, message: string): SigningDecision => {
    return { do: 'tell', type, reason, message, component };
  };
  if (!isApproved(request)) {
    return tell('Normal', 'WaitingApproval', 'Waiting for the Approved condition before issuing');
  }
  const title = titleOf(signer);
  if (issuer === undefined || resolved === undefined) {
    return tell(
      'Warning',
      'IssuerNotFound',
      `Referenced ${title} not found; the request goes on when it is created`,
    );
  }
  if (resolved.kind === 'missing') {
    return tell(
      'Warning',
      'IssuerTypeMissing',
      `Referenced ${title} is missing type: set one of spec.acme, spec.ca, spec.selfSigned`,
    );
  }
  if (resolved.kind === 'unsupported') {
    return tell(
      'Warning',
      'NotSupported',
      `Referenced ${title} is of type ${resolved.name}, which this version cannot sign with; the request waits`,
    );
  }
  if (!signers.has(component)) return nothing(`the ${component} signer is switched off`);

  const fail = (reason: string, message: string): SigningDecision => {
    return { do: 'fail', reason, message, component };
  };
  // A ClusterIssuer is for everybody whose request an approver lets pass; an Issuer belongs to its namespace.
  if (signer.kind === 'Issuer') {
    if (input.mayReference === undefined) return { do: 'ask-reference', signer, component };
    if (!input.mayReference) {
      return fail(
        'DeniedReference',
        `Requester may not reference Namespaced Issuer ${signer.namespace}/${signer.name}: ` +
          `${JSON.stringify((request.spec.username ?? '').slice(0, 253))} lacks the verb "reference" on signers.cert-manager.io "${signer.name}" there`,
      );
    }
  }
  const duration = durationOf(request);
  if (duration.ms === undefined) {
    return fail(
      'ErrorParseDuration',
      `Failed to parse annotation "${requestDuration}": ${JSON.stringify(duration.text.slice(0, 64))} is not a duration such as 2160h`,
    );
  }
  if (duration.ms < minimumDurationMs) {
    return fail(
      'InvalidDuration',
      `CertificateSigningRequest minimum allowed duration is 10m0s, requested ${duration.text}`,
    );
  }
  const ready = issuer.status?.conditions?.find((condition) => condition.type === 'Ready');
  if (ready?.status !== 'True') {
    const cause =
      ready?.message === undefined || ready.message === '' ? 'it was not checked yet' : ready.message;
    return tell(
      'Warning',
      'IssuerNotReady',
      `Referenced ${title} does not have a Ready status condition: ${cause}`,
    );
  }
  return {
    do: 'sign',
    type: resolved.type,
    issuer,
    durationMs: duration.ms,
    isCA: request.metadata?.annotations?.[requestIsCA] === 'true',
    why: `signed by ${title} (${component})`,
  };
}

function nothing(why: string): SigningDecision {
  return { do: 'nothing', why };
}

/** The annotation, or `expirationSeconds`, or 90 days. Milliseconds; `text` as it was asked for. */
function durationOf({ metadata, spec }: SigningFacts): { ms: number | undefined; text: string } {
  const text = metadata?.annotations?.[requestDuration];
  if (text !== undefined) {
    const ms = parseDuration(text);
    return { ms, text: ms === undefined ? text : formatDuration(ms) };
  }
  const ms = spec.expirationSeconds === undefined ? defaultDurationMs : spec.expirationSeconds * 1000;
  return { ms, text: formatDuration(ms) };
}

/** Events before the type is known come from every signer in cert-manager; ours come from one that runs. */
function componentOf(resolved: ResolvedType | undefined, signers: ReadonlySet<string>): string {
  if (resolved?.kind === 'known') return resolved.type.component;
  if (resolved?.kind === 'unsupported') return resolved.name.toLowerCase();
  return signers.has('ca') ? 'ca' : (signers.values().next().value ?? 'ca');
}
