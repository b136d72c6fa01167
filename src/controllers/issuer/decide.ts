/** What an issuer's Ready condition becomes: the type's own check, or plain words when there is no such type here. */
import { secondsText } from '../../api/seconds-text.ts';
import type { Condition } from '../../api/meta.ts';
import type { IssuerContext, Readiness } from '../../issuers/issuer.ts';
import type { ResolvedType } from '../../issuers/registry.ts';
import { boundedText } from '../bounded-text.ts';
import { setCondition } from '../certificaterequest/conditions.ts';

type AccountStatus = NonNullable<Readiness['acme']>;

/** Reason of Ready=False for a valid issuer type that this version has no signer for. Ours; cert-manager has none. */
export const notSupported = 'NotSupported';

/** Event reason of every issuer that cannot be made ready, and condition reason where its type has none of its own. */
export const initFailed = 'ErrInitIssuer';

export async function decideReadiness(resolved: ResolvedType, context: IssuerContext): Promise<Readiness> {
  if (resolved.kind === 'known') return resolved.type.check(context);
  if (resolved.kind === 'unsupported') {
    return refuse(
      notSupported,
      `Issuer type ${resolved.name} is not included in this version of Certwright: requests that reference this issuer wait. Use spec.acme, spec.ca, spec.selfSigned or an external issuer instead`,
    );
  }
  return refuse(
    'ErrInitIssuer',
    'No issuer type is configured: set one of spec.ca, spec.selfSigned, spec.acme, spec.vault, spec.venafi',
  );
}

function refuse(reason: string, message: string): Readiness {
  return {
    ready: false,
    reason,
    message,
    retry: false,
    event: { type: 'Warning', reason, message },
  };
}

/** What a merge patch has to say about `status.acme`; undefined when nothing changes. Fields that go are null. */
export function acmeChange(
  current: AccountStatus | undefined,
  wanted: AccountStatus | undefined,
): Record<string, string | null> | undefined {
  if (wanted === undefined) return undefined;
  const fields = ['uri', 'lastRegisteredEmail', 'lastPrivateKeyHash'] as const;
  const differing = fields.filter((field) => (current?.[field] ?? '') !== (wanted[field] ?? ''));
  if (differing.length === 0) return undefined;
  return Object.fromEntries(differing.map((field) => [field, wanted[field] ?? null]));
}

/** `conditions` with Ready set; the same array when nothing changes. */
export function readyCondition(
  conditions: readonly Condition[],
  readiness: Pick<Readiness, 'ready' | 'reason' | 'message'>,
  generation: number | undefined,
  now: Date,
): readonly Condition[] {
  const condition: Condition = {
    type: 'Ready',
    status: readiness.ready ? 'True' : 'False',
    reason: readiness.reason,
  };
  // As Kubernetes has it for empty strings: absent. SelfSigned issuers have nothing to say.
  if (readiness.message !== '') condition.message = boundedText(readiness.message);
  if (generation !== undefined) condition.observedGeneration = generation;
  return setCondition(conditions, condition, secondsText(now.getTime()));
}
