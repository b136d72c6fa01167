/** Ingresses, Gateways and Certificates for the tests of this folder. */
import { controllingOwner } from '../../api/controlling-owner.ts';
import type { Certificate } from '../../api/certificate.ts';
import type { KubeObject } from '../../api/meta.ts';
import { decide, type ShimDecision } from './decide.ts';
import { patchOf } from './difference.ts';
import { defaultShimOptions, type ShimOptions } from './options.ts';
import { trimGateway, trimIngress, type ShimObject } from './shim-object.ts';

type Texts = Readonly<Record<string, string>>;

interface Metadata {
  readonly annotations?: Texts;
  readonly labels?: Texts;
  readonly [field: string]: unknown;
}

function object(name: string, spec: object, metadata: Metadata): KubeObject {
  return {
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1', ...metadata },
    spec,
  } as KubeObject;
}

export const issuerAnnotation = { 'cert-manager.io/issuer': 'ca' } as const;

export function ingress(
  tls: unknown,
  annotations: Texts = issuerAnnotation,
  metadata: Metadata = {},
): ShimObject {
  return trimIngress(object('web', { tls }, { annotations, ...metadata }));
}

export function httpsListener(hostname: string, secret: string, more: object = {}): object {
  return {
    name: hostname,
    protocol: 'HTTPS',
    port: 443,
    hostname,
    tls: { mode: 'Terminate', certificateRefs: [{ group: '', kind: 'Secret', name: secret }] },
    ...more,
  };
}

export function gateway(
  listeners: unknown,
  annotations: Texts = issuerAnnotation,
  metadata: Metadata = {},
): ShimObject {
  return trimGateway(object('edge', { listeners }, { annotations, ...metadata }));
}

/** Decides with the Certificates that are there, and carries the decision out on them as the API server would. */
export class SmallWorld {
  readonly certificates = new Map<string, Certificate>();
  options: ShimOptions = defaultShimOptions;

  decide(it: ShimObject, gatewayOfSet?: ShimObject): ShimDecision {
    return decide(
      {
        object: it,
        gateway: gatewayOfSet,
        certificate: (name) => this.certificates.get(name),
        owned: [...this.certificates.values()].filter(
          (one) => controllingOwner(one.metadata)?.uid === it.uid,
        ),
      },
      this.options,
    );
  }

  /** @param ours whether fields that no annotation speaks of count as left by ourselves */
  act(it: ShimObject, gatewayOfSet?: ShimObject, ours = true): ShimDecision {
    const decision = this.decide(it, gatewayOfSet);
    for (const { name, namespace, labels, annotations, owner, spec } of decision.create) {
      this.certificates.set(name, {
        metadata: {
          name,
          namespace,
          uid: `uid-of-${name}`,
          labels: Object.fromEntries(labels),
          annotations: Object.fromEntries(annotations),
          ownerReferences: [owner],
        },
        spec: structuredClone(spec),
      });
    }
    for (const { actual, wanted, difference } of decision.change) {
      const changes = [...difference.wrong, ...(ours ? difference.doubts : [])];
      this.certificates.set(wanted.name, merged(actual, patchOf(actual, changes)) as Certificate);
    }
    for (const { metadata } of decision.remove) this.certificates.delete(metadata?.name ?? '');
    return decision;
  }
}

/** RFC 7396 §2. */
export function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result = new Map(
    typeof target === 'object' && target !== null && !Array.isArray(target) ? Object.entries(target) : [],
  );
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, merged(result.get(key), value));
  }
  return Object.fromEntries(result);
}
