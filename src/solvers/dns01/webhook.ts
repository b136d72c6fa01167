/** DNS-01 through an aggregated API server, as cert-manager's webhook solvers are (acme.md §12). */
import { stableText } from '../../dns/providers/stable-text.ts';
import type { DnsProvider, TxtRecord } from '../../dns/provider.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Transport } from '../../kube/transport.ts';
import { SolverConfigurationError, SolverError, SolverUnavailableError } from '../errors.ts';

export interface WebhookConfig {
  groupName: string;
  solverName: string;
  config?: unknown;
}

export interface WebhookGrants {
  resourceNamespace: string;
  ambient: boolean;
}

/** Of an API group, which Kubernetes wants to be a DNS subdomain; nothing that could leave its place in the path. */
const groupPattern = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/u;
const solverPattern = /^(?=.{1,253}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/u;
/** Groups of the API server itself: a solver there would be somebody who uses our rights for something else. */
const builtIn = /^(?:apps|autoscaling|batch|events|extensions|policy|(?:[a-z0-9.-]+\.)?k8s\.io)$/u;

/** @throws SolverConfigurationError for a group or solver that cannot stand in a path */
export function webhookProvider(
  transport: Transport,
  { groupName, solverName, config }: WebhookConfig,
  grants: WebhookGrants,
): DnsProvider {
  if (!groupPattern.test(groupName))
    throw new SolverConfigurationError(
      `webhook.groupName ${JSON.stringify(groupName.slice(0, 100))} is no API group: it has to be a DNS name in lower case`,
    );
  if (builtIn.test(groupName))
    throw new SolverConfigurationError(
      `webhook.groupName ${groupName} is a group of Kubernetes itself and cannot be a solver`,
    );
  if (!solverPattern.test(solverName))
    throw new SolverConfigurationError(
      `webhook.solverName ${JSON.stringify(solverName.slice(0, 100))} cannot be the name of a resource`,
    );
  const path = `/apis/${groupName}/v1alpha1/${solverName}`;
  const title = `the webhook solver ${solverName} in group ${groupName}`;

  const call = async (
    action: 'Present' | 'CleanUp',
    record: TxtRecord,
    signal?: AbortSignal,
  ): Promise<void> => {
    // No apiVersion and no kind: that is how the peer's client sends it, and servers fill them in (§12).
    const body = JSON.stringify({
      request: {
        uid: '',
        action,
        type: 'dns-01',
        dnsName: record.domain,
        key: record.value,
        resourceNamespace: grants.resourceNamespace,
        resolvedFQDN: record.fqdn,
        resolvedZone: record.zone,
        allowAmbientCredentials: grants.ambient,
        ...(config === undefined ? {} : { config }),
      },
    });
    let answer: Buffer;
    try {
      ({ body: answer } = await transport.request({
        method: 'POST',
        path,
        body,
        // Present and CleanUp may be called again, as solvers are told by their library.
        idempotent: true,
        purpose: { verb: 'create', resource: 'webhook' },
        ...(signal === undefined ? {} : { signal }),
      }));
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof KubeError)) throw error;
      throw refusal(title, groupName, record.value, error);
    }
    interpret(title, record.value, answer);
  };

  return {
    present: (record, signal) => call('Present', record, signal),
    cleanUp: (record, signal) => call('CleanUp', record, signal),
  };
}

function refusal(title: string, group: string, key: string, error: KubeError): SolverError {
  const words = stableText(error.message, [key]);
  if (error.code === 'kube/not-found')
    return new SolverError(
      'solver/reference',
      `${title} does not exist: is APIService v1alpha1.${group} there and available? (${words})`,
      { cause: error },
    );
  if (error.code === 'kube/forbidden')
    return new SolverError(
      'solver/reference',
      `the controller may not call ${title}: its ServiceAccount needs the verb create on that resource in group ${group} (${words})`,
      { cause: error },
    );
  return new SolverUnavailableError(`${title} could not be called: ${words}`, {
    cause: error,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
}

/** Tolerant of what surrounds the verdict; the verdict itself has to be there. */
function interpret(title: string, key: string, body: Buffer): void {
  const response = responseOf(body);
  if (response === undefined)
    throw new SolverUnavailableError(
      `${title} answered without a response: it may be of another protocol version`,
    );
  if (response.success === true) return;
  const { status } = response;
  if (status === undefined || status === null)
    throw new SolverUnavailableError(
      `${title} has failed and gave no reason (invalid payload response, did not succeed but no result provided)`,
    );
  const { message } = status;
  const words =
    typeof message === 'string' && message !== '' ? stableText(message, [key]) : 'it gave no reason';
  throw new SolverUnavailableError(`${title} has failed: ${words}`);
}

interface WebhookResponse {
  success?: unknown;
  status?: { message?: unknown } | null;
}

function responseOf(body: Buffer): WebhookResponse | undefined {
  try {
    const answer = JSON.parse(body.toString('utf8')) as { response?: unknown } | null;
    const response = answer?.response;
    return typeof response === 'object' && response !== null ? response : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
