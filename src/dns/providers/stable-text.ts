/** Words of a provider made fit for a status: short, on one line, the same each time, and with no credential in them. */

const LONGEST = 240;

/** What differs from answer to answer: UUIDs, long hexadecimal or base64 words, instants. */
const CHANGING =
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{16,}\b|\b\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?/giu;

/** `request id: xyz`, `requestID=xyz`, `trace id xyz`: with the words that introduce it. */
const REQUEST_ID =
  /[,;(\s]*\b(?:request|correlation|trace|activity|ray)[\s_-]?id['"]?\s*[:=]?\s*['"]?[\w/+=.-]+['")]*/giu;

/** @param secrets texts that must not appear, whoever put them there */
export function stableText(text: string, secrets: readonly string[] = []): string {
  let result = text;
  for (const secret of secrets)
    if (secret.length >= 4)
      // As it is, as it was sent in a form or a path, and as JSON quotes it.
      for (const form of [
        secret,
        encodeURIComponent(secret.toWellFormed()),
        JSON.stringify(secret).slice(1, -1),
      ])
        result = result.replaceAll(form, '[credential]');
  result = result
    .slice(0, 8 * LONGEST)
    .replace(REQUEST_ID, '')
    .replace(CHANGING, '…')
    // oxlint-disable-next-line no-control-regex -- they are what must go
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/gu, ' ')
    .trim();
  return result.length > LONGEST ? `${result.slice(0, LONGEST - 1)}…` : result;
}
