/** Everything that admission without a webhook consists of: each policy and what lets it act. */
import {
  bindingOf,
  type MutatingPolicy,
  type PolicyBinding,
  type ValidatingPolicy,
} from './admission-policy.ts';
import { certificatePolicy } from './certificate-policy.ts';
import { certificateRequestPolicy, requestGuardPolicy } from './certificate-request-policy.ts';
import { issuerPolicy } from './issuer-policy.ts';
import { challengePolicy, orderPolicy } from './order-policies.ts';
import { requesterPolicy } from './requester-policy.ts';

export interface BoundPolicy {
  /** Also the name of the binding. */
  name: string;
  policy: ValidatingPolicy | MutatingPolicy;
  binding: PolicyBinding;
}

/**
 * Namespaces labelled `cert-manager.io/disable-validation: "true"` are exempt from the rules about what is sensible,
 * not from those about who may do what: who can label a namespace could approve in it otherwise.
 */
export function policies(): BoundPolicy[] {
  const bound = (policy: ValidatingPolicy | MutatingPolicy, disableable: boolean): BoundPolicy => ({
    name: policy.metadata.name,
    policy,
    binding: bindingOf(policy, { disableable }),
  });
  return [
    bound(certificatePolicy(), true),
    bound(issuerPolicy(), true),
    bound(certificateRequestPolicy(), true),
    bound(orderPolicy(), true),
    bound(challengePolicy(), true),
    bound(requestGuardPolicy(), false),
    bound(requesterPolicy(), false),
  ];
}
