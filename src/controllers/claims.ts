/** Which CertificateRequests are being signed by their own Certificate's fast path, so that the request controllers leave them alone. */

/**
 * One set per process, shared by the certificate controller (claims) and the request controllers (ask).
 * A claim is made before the request is created, hence by name; it lives in memory only: after a crash nobody
 * holds it, and the certificate controller starts the orphaned request again.
 */
export interface Claims {
  claim(namespace: string, name: string): void;
  release(namespace: string, name: string): void;
  isClaimed(namespace: string, name: string): boolean;
  readonly size: number;
}

export function createClaims(): Claims {
  const held = new Set<string>();
  const key = (namespace: string, name: string): string => `${namespace}/${name}`;
  return {
    claim: (namespace, name) => void held.add(key(namespace, name)),
    release: (namespace, name) => void held.delete(key(namespace, name)),
    isClaimed: (namespace, name) => held.has(key(namespace, name)),
    get size() {
      return held.size;
    },
  };
}
