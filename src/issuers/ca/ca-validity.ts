/**
 * What a CA's own validity means for what it signs. Nothing is capped and nothing refused (lifecycle §13: the leaf gets
 * the life that was asked for), but a leaf that its CA does not cover fails in every client: whoever asked has to know.
 */

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Equal lives of a CA and its leaf differ by the moments between the two signatures: nothing to warn of. */
const mostSlackMs = 3_600_000;
/** The same for short-lived certificates, as a part of the leaf's life. */
const slackPart = 0.01;
/** A CA that nobody renews in time: less than this part of its life is left. */
const lastPart = 0.1;

/** The warning that goes with a signature; undefined when the CA covers the leaf. Times of the leaf in milliseconds. */
export function coverWarning(
  leaf: { notBefore: number; notAfter: number },
  ca: Validity,
  secret: string,
): string | undefined {
  const [from, until] = [ca.notBefore.getTime(), ca.notAfter.getTime()];
  const remedy = `renew the CA certificate in ${secret}, then this certificate`;
  if (until < leaf.notBefore) {
    return `the CA certificate expired at ${text(until)}, so no client accepts what it signs; ${remedy}`;
  }
  if (from > leaf.notBefore) {
    return `the CA certificate is not valid before ${text(from)}, so no client accepts what it signs until then; check the clock here, or put a CA certificate that is valid now into ${secret}`;
  }
  const slack = Math.min(mostSlackMs, slackPart * (leaf.notAfter - leaf.notBefore));
  if (leaf.notAfter <= until + slack) return undefined;
  return `the certificate is valid until ${text(leaf.notAfter)}, but its CA only until ${text(until)}: clients refuse it from then on; ${remedy}, or ask for a shorter spec.duration`;
}

/** What the issuer's Ready message adds, and when it has to be looked at again. Nothing while the CA has time left. */
export function caValidityNote(
  ca: Validity,
  secret: string,
  nowMs: number,
): { note?: string; recheckAt?: number } {
  const [from, until] = [ca.notBefore.getTime(), ca.notAfter.getTime()];
  if (nowMs > until) return { note: `but its certificate expired at ${text(until)}: renew it in ${secret}` };
  if (nowMs < from)
    return {
      note: `but its certificate is not valid before ${text(from)}: check the clock here`,
      recheckAt: from,
    };
  const last = until - lastPart * (until - from);
  if (nowMs < last) return { recheckAt: last };
  return {
    note: `but its certificate expires at ${text(until)}: renew it in ${secret}, since clients refuse from then on what it signed`,
    recheckAt: until + 1000,
  };
}

function text(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
