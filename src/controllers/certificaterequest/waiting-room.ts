/** Which requests wait for which Secret, so that a Secret's arrival wakes exactly those and nobody scans a cache. */

export class WaitingRoom {
  readonly #secretsOf = new Map<string, readonly string[]>();
  readonly #requestsOf = new Map<string, Set<string>>();

  /** `request` waits for any of `secrets` (keys `namespace/name`) from now on, and for nothing else. */
  enter(request: string, secrets: readonly string[]): void {
    this.leave(request);
    this.#secretsOf.set(request, secrets);
    for (const secret of secrets) {
      const requests = this.#requestsOf.get(secret);
      if (requests === undefined) this.#requestsOf.set(secret, new Set([request]));
      else requests.add(request);
    }
  }

  leave(request: string): void {
    for (const secret of this.#secretsOf.get(request) ?? []) {
      const requests = this.#requestsOf.get(secret);
      requests?.delete(request);
      if (requests?.size === 0) this.#requestsOf.delete(secret);
    }
    this.#secretsOf.delete(request);
  }

  waitingFor(secret: string): readonly string[] {
    return [...(this.#requestsOf.get(secret) ?? [])];
  }
}
