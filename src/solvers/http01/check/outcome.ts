/** What one look for the answer came to. Texts are ours: nothing of what a server sent is in them but numbers and hosts. */

/** Why nobody was reached: these are what a missing hairpin or a firewall looks like. */
export type Unreachable = 'refused' | 'timeout' | 'no-route' | 'closed' | 'tls' | 'proxy';

export type Outcome =
  | { kind: 'match' }
  /** Somebody answered, and not with the challenge. */
  | {
      kind: 'wrong';
      what: 'status' | 'body' | 'redirects' | 'refused-redirect' | 'refused-address' | 'not-http';
      detail: string;
    }
  | { kind: 'unreachable'; why: Unreachable; detail: string }
  /** The name leads to no address, or, `unknown`: nobody could say to which. */
  | { kind: 'unresolved'; detail: string; unknown?: true }
  /** There is nothing to look at: no address yet, no Pod yet. */
  | { kind: 'absent'; detail: string };

export const match: Outcome = { kind: 'match' };

export function detailOf(outcome: Outcome): string {
  return outcome.kind === 'match' ? 'answers with the key authorization' : outcome.detail;
}

/**
 * Of several addresses of one name: a CA takes any of them, IPv6 first, so one wrong answer spoils it. One that cannot be
 * reached does not: many clusters have no way out over IPv6, and CAs try the others.
 */
export function combine(looks: readonly { address: string; outcome: Outcome }[]): Outcome {
  const wrong = looks.find(({ outcome }) => outcome.kind === 'wrong');
  if (wrong !== undefined) return at(wrong);
  if (looks.some(({ outcome }) => outcome.kind === 'match')) return match;
  const [first] = looks;
  return first === undefined ? { kind: 'unresolved', detail: 'leads to no address' } : at(first);
}

function at({ address, outcome }: { address: string; outcome: Outcome }): Outcome {
  return outcome.kind === 'match' ? outcome : { ...outcome, detail: `${address} ${outcome.detail}` };
}
