/** What a rule is and what it reports. */

import type { CertificateView } from './certificate-view.ts';

/** `error`: invalid, must be refused. `warning`: breaks a rule that software tolerates. `notice`: worth knowing. */
export type Severity = 'error' | 'warning' | 'notice';

/** `cabf` is RFC 5280 and, beyond it, the CA/Browser Forum's baseline requirements for TLS servers. */
export type LintProfile = 'rfc5280' | 'cabf';

export interface Finding {
  /** Stable, snake_case. */
  readonly code: string;
  readonly severity: Severity;
  /** Document and section, such as `RFC 5280 §4.1.2.2`. */
  readonly source: string;
  /** What was found, with the value at fault. */
  readonly message: string;
}

export interface Rule {
  readonly code: string;
  readonly severity: Severity;
  readonly source: string;
  /** What is wrong, or undefined. May throw a PkiError over bytes that another rule reports as malformed. */
  readonly check: (view: CertificateView) => string | undefined;
}
