/** `/livez`, `/healthz` and `/readyz`: what a process says of itself, in the words of Kubernetes' own servers (spec/operations.md §9). */
import type { Clock } from '../../kube/clock.ts';

/** Undefined: all is well. Else why not, for people. */
export type Check = () => string | undefined;

/** A check that says more than yes or no with `?verbose`. */
export interface NamedCheck {
  name: string;
  check: Check;
  /** What goes on, when all is well. */
  note?: () => string | undefined;
}

export interface HealthAnswer {
  status: 200 | 404 | 500;
  body: string;
}

/** Roles add their checks as they start; whoever fails is told by name. */
export class Health {
  readonly #live: NamedCheck[] = [];
  readonly #ready: NamedCheck[] = [];
  readonly #serving: NamedCheck[] = [];

  /** Failing for long gets the container restarted: only for what a restart mends. */
  addLive(check: NamedCheck): void {
    this.#live.push(check);
  }

  /** Failing keeps traffic and rollouts away, and restarts nothing. */
  addReady(check: NamedCheck): void {
    this.#ready.push(check);
  }

  /** Failing means that nobody can be served yet: `/healthz` and `/readyz` say so, `/livez` does not (spec §12). */
  addServing(check: NamedCheck): void {
    this.#serving.push(check);
    this.#ready.push(check);
  }

  /** @param target path and query of the request */
  answer(target: string): HealthAnswer {
    const [path = '', query = ''] = target.split('?', 2);
    const [, root = '', name, ...rest] = path.split('/');
    const checks = this.#checksOf(root);
    if (checks === undefined || rest.length > 0) return { status: 404, body: 'not found\n' };
    if (name !== undefined && name !== '') {
      const one = checks.find((check) => check.name === name);
      if (one === undefined)
        return { status: 404, body: `there is no check ${JSON.stringify(name.slice(0, 60))}\n` };
      return render(root, [one], isVerbose(query));
    }
    return render(root, checks, isVerbose(query));
  }

  #checksOf(root: string): readonly NamedCheck[] | undefined {
    if (root === 'readyz') return this.#ready;
    if (root === 'healthz') return [...this.#live, ...this.#serving];
    return root === 'livez' ? this.#live : undefined;
  }
}

function isVerbose(query: string): boolean {
  return query.split('&').some((part) => /^verbose(?:=(?:1|true|))?$/.test(part));
}

function render(root: string, checks: readonly NamedCheck[], verbose: boolean): HealthAnswer {
  const lines: string[] = [];
  let failed = false;
  for (const { name, check, note } of checks) {
    const reason = check();
    failed ||= reason !== undefined;
    const told = reason === undefined ? note?.() : undefined;
    lines.push(
      reason === undefined
        ? `[+]${name} ok${told === undefined ? '' : `: ${told}`}`
        : `[-]${name} failed: ${reason}`,
    );
  }
  if (failed) return { status: 500, body: `${lines.join('\n')}\n${root} check failed\n` };
  return { status: 200, body: verbose ? `${lines.join('\n')}\n${root} check passed\n` : 'ok' };
}

/** How far the wall clock may leave elapsed time before nothing that we sign can be trusted to start now. */
const mostSkewMs = 5 * 60_000;

/**
 * The wall clock against the monotonic one since the start: a machine that slept or whose clock was set holds certificates
 * and leases with wrong ideas of now. The same bound as the peer's.
 * @param elapsed monotonic milliseconds
 */
export function clockHealth(clock: Pick<Clock, 'now'>, elapsed: () => number): NamedCheck {
  const offset = clock.now() - elapsed();
  return {
    name: 'clockHealth',
    check: () => {
      const skew = clock.now() - elapsed() - offset;
      return Math.abs(skew) <= mostSkewMs
        ? undefined
        : `the clock of this machine was moved by ${Math.round(skew / 1000)} s since the start (at most ${mostSkewMs / 1000} s): a restart takes the new time as it is`;
    },
  };
}
