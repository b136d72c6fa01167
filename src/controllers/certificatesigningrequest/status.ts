/** What is written into a CertificateSigningRequest, and the names it is written under (spec/certificate-lifecycle.md §24). */
import { secondsText } from '../../api/seconds-text.ts';
import { requestPrivateKeySecretName } from '../../api/annotations.ts';
import type { CertificateSigningRequest, SigningCondition } from '../../api/certificate-signing-request.ts';
import type { ControllerName } from '../../api/components.ts';
import { formatDuration } from '../../api/duration.ts';
import type { SigningRequest, SignOutcome } from '../../issuers/issuer.ts';
import { boundedText } from '../bounded-text.ts';

type KubernetesStatus = NonNullable<CertificateSigningRequest['status']>;

/** Event source and field manager. */
export function signingComponent(suffix: string): string {
  return `cert-manager-certificatesigningrequests-issuer-${suffix}`;
}

export function controllerName(suffix: string): ControllerName {
  return `certificatesigningrequests-issuer-${suffix}` as ControllerName;
}

/**
 * The status with `Failed` in it. A merge patch replaces the whole list, so that the others go along; the API server
 * refuses a list that lacks or changes Approved.
 */
export function failedStatus(
  conditions: readonly SigningCondition[],
  reason: string,
  message: string,
  now: Date,
): KubernetesStatus {
  const time = secondsText(now.getTime());
  const failed: SigningCondition = {
    type: 'Failed',
    status: 'True',
    reason,
    message: boundedText(message),
    lastUpdateTime: time,
    lastTransitionTime: time,
  };
  return { conditions: [...conditions.filter(({ type }) => type !== 'Failed'), failed] };
}

/** Only the chain: this API has no place for the CA. */
export function issuedStatus(certificate: string): KubernetesStatus {
  return { certificate: Buffer.from(certificate, 'utf8').toString('base64') };
}

export function issuedText(suffix: string): string {
  return suffix === 'selfsigned'
    ? 'Certificate self-signed successfully'
    : 'Certificate fetched from issuer successfully';
}

/** The request in the shape that issuer types sign. `namespace` is where the issuer's Secrets live. */
export function signingRequest(
  { metadata, spec }: CertificateSigningRequest,
  namespace: string,
  ask: { durationMs: number; isCA: boolean },
): SigningRequest {
  return {
    metadata: {
      name: metadata?.name,
      namespace,
      uid: metadata?.uid,
      labels: metadata?.labels,
      annotations: metadata?.annotations,
    },
    spec: {
      request: spec.request,
      duration: formatDuration(ask.durationMs),
      isCA: ask.isCA,
      usages: (spec.usages ?? []) as NonNullable<SigningRequest['spec']['usages']>,
      issuerRef: { name: '' },
    },
    kubernetes: true,
  };
}

/** What a signer says of a CertificateRequest, in the words of this API. */
export function outcomeOf(outcome: SignOutcome): SignOutcome {
  return outcome.kind === 'pending' && outcome.reason === 'MissingSecret'
    ? { ...outcome, reason: 'SecretNotFound' }
    : outcome;
}

/** Name of the Secret with the requester's key, for issuers that sign with it. */
export function keySecretOf({ metadata }: CertificateSigningRequest): string | undefined {
  const name = metadata?.annotations?.[requestPrivateKeySecretName];
  return name === '' ? undefined : name;
}
