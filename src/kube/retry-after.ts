/** How long an error asks us to stay away (KubeError, errors of issuers and CAs), in milliseconds; 0: it does not say. */
export function retryAfterOf(error: unknown): number {
  const { retryAfterMs } = (error ?? {}) as { retryAfterMs?: unknown };
  return typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs) ? Math.max(retryAfterMs, 0) : 0;
}
