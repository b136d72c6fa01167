/** Whether a TXT record can be seen by everybody who will be asked for it (acme.md §10.5). */

/** What one server said about the record. */
export interface PropagationView {
  /** The name server, such as `ns1.example.com:53`, or a recursive server as it was configured. */
  view: string;
  passed: boolean;
  /** False: it said nothing that counts, and nothing waits for it. */
  trusted: boolean;
  answer: string;
}

export interface Propagation {
  passed: boolean;
  /** Where the record was looked for in the end, after CNAMEs. */
  fqdn: string;
  views: readonly PropagationView[];
  /** Why it has not passed, in one line. Empty when it has. */
  problem: string;
  /** How long a recursive server may still hold the answer that there is no such name. Milliseconds. */
  settleMs: number;
}
