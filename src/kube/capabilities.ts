/** What a server can do, asked once at start-up: decides about the client-side rate limit and streaming lists. */
import { createRateLimiter } from './rate-limiter.ts';
import { createTransport, type KubeConnection } from './transport.ts';

export interface Capabilities {
  /** API Priority and Fairness is on: the server shares itself out, no limit of ours is needed. */
  priorityAndFairness: boolean;
  /** Kubernetes 1.34 and later stream initial lists. */
  streamingList: boolean;
}

const probeMs = 5_000;

/** Never rejects: a server that does not answer is treated as one that can do nothing. */
export async function probeCapabilities(
  connection: KubeConnection,
  signal?: AbortSignal,
): Promise<Capabilities> {
  const transport = createTransport(
    { ...connection, requestTimeoutMs: probeMs, limiter: undefined },
    'cert-manager',
  );
  const limit = AbortSignal.any([AbortSignal.timeout(probeMs), ...(signal === undefined ? [] : [signal])]);
  // One that every client may read: health checks of their own paths are refused to ServiceAccounts.
  const version = await transport
    .request({ method: 'GET', path: '/version', signal: limit })
    // A server that does not answer can do nothing; who needs it will say why.
    .catch(() => undefined);
  return {
    // Told with every answer, so that no path of its own need be asked.
    priorityAndFairness: version?.headers['x-kubernetes-pf-flowschema-uid'] !== undefined,
    streamingList: version !== undefined && isAtLeast134(version.body),
  };
}

/** The connection with what its server can do: a rate limiter where it needs one, streaming lists where it has them. */
export async function adaptConnection<C extends KubeConnection>(
  connection: C,
  options: { perSecond?: number; burst?: number; signal?: AbortSignal } = {},
): Promise<C> {
  const { priorityAndFairness, streamingList } = await probeCapabilities(connection, options.signal);
  const limiter = priorityAndFairness ? undefined : createRateLimiter(connection.clock, options);
  return { ...connection, limiter, streamingList };
}

function isAtLeast134(body: Buffer): boolean {
  const text = body.toString('utf8');
  const major = /"major"\s*:\s*"(\d+)/.exec(text)?.[1];
  const minor = /"minor"\s*:\s*"(\d+)/.exec(text)?.[1];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 34);
}
