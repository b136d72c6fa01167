/** Which kind of admission is in force on an API server: asked once at the start, and told in logs and `/readyz?verbose`. */
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceType } from '../../api/resources.ts';
import { policies } from '../../admission/policies/policies.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ForbiddenError, KubeError, NotFoundError } from '../../kube/errors.ts';

export interface AdmissionMode {
  mode: 'policies' | 'webhook' | 'none' | 'unknown';
  /** For people: what was found, and what to do where that is not enough. */
  detail: string;
}

function registration(kind: string, plural: string): ResourceType {
  const group = 'admissionregistration.k8s.io';
  return { group, version: 'v1', kind, plural, singular: kind.toLowerCase(), namespaced: false };
}

const types: Readonly<Record<string, ResourceType>> = {
  ValidatingAdmissionPolicy: registration('ValidatingAdmissionPolicy', 'validatingadmissionpolicies'),
  MutatingAdmissionPolicy: registration('MutatingAdmissionPolicy', 'mutatingadmissionpolicies'),
  ValidatingAdmissionPolicyBinding: registration(
    'ValidatingAdmissionPolicyBinding',
    'validatingadmissionpolicybindings',
  ),
  MutatingAdmissionPolicyBinding: registration(
    'MutatingAdmissionPolicyBinding',
    'mutatingadmissionpolicybindings',
  ),
  ValidatingWebhookConfiguration: registration(
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
  ),
  MutatingWebhookConfiguration: registration('MutatingWebhookConfiguration', 'mutatingwebhookconfigurations'),
};

interface WebhookConfiguration extends KubeObject {
  webhooks?: { name?: string; clientConfig?: { caBundle?: string } }[];
}

/** The name of the webhook in both configurations, ours and cert-manager's. */
const webhookName = 'webhook.cert-manager.io';

/**
 * Never rejects but when the signal aborts. Needs `get` on the policies and bindings by name, and `get` on
 * `webhookConfigurations` (names of the configurations to look for; none: we may not look at them).
 */
export async function admissionMode(
  client: KubeClient,
  webhookConfigurations: readonly string[] = ['certwright-webhook', 'cert-manager-webhook'],
  signal?: AbortSignal,
): Promise<AdmissionMode> {
  try {
    const missing = await missingPolicies(client, signal);
    if (missing.length === 0)
      return {
        mode: 'policies',
        detail: 'the API server evaluates our admission policies; no webhook is needed',
      };
    if (webhookConfigurations.length === 0)
      return {
        mode: 'unknown',
        detail: `our policies are not all there (${missing[0]} is missing), and whether there is a webhook we may not look up`,
      };
    const webhook = await webhookProblem(client, webhookConfigurations, signal);
    if (webhook === undefined)
      return { mode: 'webhook', detail: 'a webhook is configured, and its CA is injected' };
    const half =
      missing.length < policies().length * 2 ? `; of the policies ${missing.join(', ')} are missing` : '';
    return {
      mode: 'none',
      detail: `nobody validates Certificates, issuers and approvals: ${webhook}${half}. Apply deploy/admission (Kubernetes 1.36 and later) or run the webhook`,
    };
  } catch (error) {
    if (!(error instanceof KubeError) || signal?.aborted === true) throw error;
    const why = error instanceof ForbiddenError ? 'we may not look' : error.message;
    return { mode: 'unknown', detail: `which admission is in force is not known: ${why}` };
  }
}

async function missingPolicies(client: KubeClient, signal?: AbortSignal): Promise<string[]> {
  const objects = policies().flatMap(({ name, policy, binding }) => [
    { kind: policy.kind, name },
    { kind: binding.kind, name },
  ]);
  const present = await Promise.all(
    objects.map(async ({ kind, name }) => (await find(client, kind, name, signal)) !== undefined),
  );
  return objects.filter((_object, index) => !present[index]).map(({ kind, name }) => `${kind} ${name}`);
}

/** Undefined when both configurations are there with a CA. */
async function webhookProblem(
  client: KubeClient,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  for (const kind of ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration']) {
    const found: (WebhookConfiguration | undefined)[] = await Promise.all(
      names.map((name) => find(client, kind, name, signal)),
    );
    const hooks = found
      .flatMap((object) => object?.webhooks ?? [])
      .filter(({ name }) => name === webhookName);
    if (hooks.length === 0) return `there is no ${kind} ${names.join(' or ')}`;
    if (!hooks.some(({ clientConfig }) => (clientConfig?.caBundle ?? '') !== ''))
      return `no CA is injected into the ${kind}: run the cainjector role`;
  }
  return undefined;
}

async function find(
  client: KubeClient,
  kind: string,
  name: string,
  signal?: AbortSignal,
): Promise<KubeObject | undefined> {
  const type = types[kind];
  if (type === undefined) throw new TypeError(`${kind} is no kind of admissionregistration.k8s.io`);
  try {
    return await client.get(type, { name }, signal);
  } catch (error) {
    // Also where the API server does not serve the kind at all.
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
