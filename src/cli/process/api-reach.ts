/** Whether the API server answers, learned from the requests that are made anyway. */
import type { Clock } from '../../kube/clock.ts';
import type { RequestObserver } from '../../kube/observe.ts';
import type { NamedCheck } from './health.ts';

/** A restart of the API server takes no longer; a longer silence is worth to be told. */
const patienceMs = 30_000;

export interface ApiReach {
  observer: RequestObserver;
  /** Of /readyz: fails once nothing but failures came for half a minute, and before the first answer. */
  check: NamedCheck;
  /** Beside requests that are observed: the first contact. */
  answered: () => void;
}

export function watchApiReach(clock: Pick<Clock, 'now'>): ApiReach {
  let everAnswered = false;
  let failingSince: number | undefined;
  const answered = (): void => {
    everAnswered = true;
    failingSince = undefined;
  };
  return {
    answered,
    observer: {
      request(_verb, _resource, code) {
        // 429 and 4xx are answers: it is there and minds its business.
        if (code > 0 && code < 500) answered();
        else failingSince ??= clock.now();
      },
    },
    check: {
      name: 'api',
      check: () => {
        if (!everAnswered) return 'the API server has not answered yet';
        const silentMs = failingSince === undefined ? 0 : clock.now() - failingSince;
        return silentMs > patienceMs
          ? `the API server has not answered for ${Math.round(silentMs / 1000)} s`
          : undefined;
      },
    },
  };
}
