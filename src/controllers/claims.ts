/** Which CertificateRequests are being signed by their own Certificate's fast path, so that the request controllers leave them alone. */

/**
 * One set per process, shared by the certificate controller (claims) and the request controllers (ask).
 * A claim is made before the request is created, hence by name; it lives in memory only: after a crash nobody
 * holds it, and the certificate controller starts the orphaned request again.
 */
export interface Claims {
  claim(namespace: string, name: string): void;
  /** `uid`: of the request that was created under the claim; undefined when it came to none. */
  release(namespace: string, name: string, uid?: string): void;
  isClaimed(namespace: string, name: string): boolean;
  /** `handler` is called after a claim has ended, as `release` was: whoever left a request alone meanwhile looks at it. Must not throw. */
  onRelease(handler: (namespace: string, name: string, uid: string | undefined) => void): void;
  readonly size: number;
}

export function createClaims(): Claims {
  const held = new Set<string>();
  const handlers: Parameters<Claims['onRelease']>[0][] = [];
  const key = (namespace: string, name: string): string => `${namespace}/${name}`;
  return {
    claim: (namespace, name) => void held.add(key(namespace, name)),
    release(namespace, name, uid) {
      if (!held.delete(key(namespace, name))) return;
      for (const handler of handlers) handler(namespace, name, uid);
    },
    isClaimed: (namespace, name) => held.has(key(namespace, name)),
    onRelease: (handler) => void handlers.push(handler),
    get size() {
      return held.size;
    },
  };
}
