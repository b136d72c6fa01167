/** Text of errors on its way into `status.reason`: bounded, and the same for the same error. */
import { boundedText } from '../bounded-text.ts';

/**
 * Ids that a service makes up for each answer. A reason that changes with each attempt is a change of status with each
 * attempt, and each of those would be an attempt (acme.md §7.4).
 */
const volatile: readonly RegExp[] = [
  /\b(?:x-)?(?:amzn?-|ms-|cf-)?(?:request|correlation|trace|activity|ray)[-_ ]?id\b["']?\s*[:=]?\s*["']?[A-Za-z0-9+/=_-]{6,}["']?/giu,
  // But in the URL of an account, which somebody has to copy into a record (dns-persist-01).
  /(?<!accounturi=[^\s;]*)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/giu,
  /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z\b/gu,
];

/** For a reason; events carry the whole text. */
export function stableReason(text: string): string {
  let stable = boundedText(text);
  for (const pattern of volatile) stable = stable.replaceAll(pattern, '<redacted>');
  return boundedText(stable);
}
