/** The Secrets that Challenges' solvers name: a mended one ends the back-off of those that failed with it (docs/dns01.md). */
import type { Challenge } from '../../api/challenge.ts';
import { cacheKey } from '../../kube/cache.ts';
import { WaitingRoom } from '../certificaterequest/waiting-room.ts';
import type { ControllerContext } from '../context.ts';
import type { ChallengeMemory } from './memory.ts';
import { resourceNamespaceOf } from './solver-context.ts';

/** A Secret that changes all the time earns no more attempts than a provider that fails anew. */
const restMs = 5_000;
/** What a webhook's configuration holds is up to its author. */
const deepest = 8;
const mostSecrets = 32;

type Surroundings = Pick<ControllerContext, 'informers' | 'clock'> & {
  options: Pick<ControllerContext['options'], 'clusterResourceNamespace'>;
};

export class Credentials {
  readonly #context: Surroundings;
  readonly #room = new WaitingRoom();

  constructor(context: Surroundings) {
    this.#context = context;
  }

  /** Challenge `key` is this one now; undefined: it is gone. */
  keep(key: string, challenge: Challenge | undefined): void {
    const secrets = challenge === undefined ? [] : this.#secretsOf(challenge);
    if (secrets.length === 0) this.#room.leave(key);
    else this.#room.enter(key, secrets);
  }

  /** Keys of the Challenges whose solver names the Secret `namespace/name`. */
  usersOf(secret: string): readonly string[] {
    return this.#room.waitingFor(secret);
  }

  /** Which state of its Secrets an attempt begins with; undefined: its solver names none. */
  versionsOf(challenge: Challenge): string | undefined {
    const { secrets, otherSecrets } = this.#context.informers;
    const keys = this.#secretsOf(challenge);
    if (keys.length === 0) return undefined;
    return keys
      .map((key) => `${key} ${(secrets.get(key) ?? otherSecrets.get(key))?.resourceVersion ?? 'absent'}`)
      .join('\n');
  }

  /** An attempt with those versions has failed. */
  failed(memory: ChallengeMemory, versions: string | undefined): void {
    memory.failedWith = versions;
    memory.failedMs = this.#context.clock.now();
  }

  /**
   * Brings the next attempt forward where its Secrets are others than those it failed with: once for each change, as the
   * next failure is one with the new ones. True: it was.
   */
  reconsider(challenge: Challenge, memory: ChallengeMemory): boolean {
    const { failedWith, failedMs = 0 } = memory;
    if (failedWith === undefined || failedWith === this.versionsOf(challenge)) return false;
    memory.failedWith = undefined;
    const at = Math.max(this.#context.clock.now(), failedMs + restMs);
    for (const due of ['dueMs', 'cleanUpDueMs', 'refusedUntilMs'] as const)
      memory[due] = Math.min(memory[due], at);
    return true;
  }

  #secretsOf(challenge: Challenge): string[] {
    const namespace = resourceNamespaceOf(challenge, this.#context.options);
    const names = new Set<string>();
    collect(challenge.spec.solver, deepest, names);
    return [...names].toSorted().map((name) => cacheKey(namespace, name));
  }
}

/** Every reference to a Secret is called so: those of the providers, and by custom those of webhooks. */
function collect(value: unknown, depth: number, names: Set<string>): void {
  if (typeof value !== 'object' || value === null || depth === 0) return;
  for (const [field, inner] of Object.entries(value)) {
    if (names.size >= mostSecrets) return;
    if (/secretref$/iu.test(field)) {
      const name = (inner as { name?: unknown } | null)?.name;
      if (typeof name === 'string' && name !== '') names.add(name);
    } else collect(inner, depth - 1, names);
  }
}
