/** Which Pod this process is, from the variables that the chart fills by the downward API. */
import { isIP } from 'node:net';
import type { PodIdentity } from '../../solvers/settings.ts';

/** Undefined outside a cluster, or where the downward API was not asked. */
export function podIdentity(
  environment: Readonly<Record<string, string | undefined>>,
): PodIdentity | undefined {
  const name = environment['POD_NAME'] ?? '';
  const namespace = environment['POD_NAMESPACE'] ?? '';
  // `status.podIPs` lists every family, the primary first; `status.podIP` is the first of them.
  const texts = [environment['POD_IP'], ...(environment['POD_IPS'] ?? '').split(',')];
  const ips = [...new Set(texts.map((text) => text?.trim() ?? '').filter((text) => isIP(text) !== 0))];
  return name === '' || namespace === '' || ips.length === 0 ? undefined : { name, namespace, ips };
}
