/**
 * Keeps private keys out of messages. Refusals repeat the value that was refused, and people put keys into the wrong
 * field; the message then travels into logs, events and terminals, where a key has no place.
 */

const notShown = '<private key, not shown>';

const begin = /-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY-----/;
/** A key ends with its END line, or with the quoted value when that was cut. */
const block =
  /-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY-----[^"]*?(?:-----END [A-Z0-9 ]{0,32}PRIVATE KEY-----|(?=")|$)/g;
/** `PRIVATE KEY--` in base64, at each of the three places where it may begin within a group (RFC 4648 §4). */
const encoded = /UFJJVkFURSBLRVkt|BSSVZBVEUgS0VZLS|QUklWQVRFIEtFWS0t/;
/** Base64, also in lines, and also when the line breaks are written as `\n`. */
const base64Runs = /([A-Za-z0-9+/=\s\\]+)/;

/** `text` with a remark in the place of every PEM private key, plain or in base64. Takes time that grows with the text. */
export function withoutPrivateKeys(text: string): string {
  const plain = begin.test(text) ? text.replaceAll(block, notShown) : text;
  if (!encoded.test(plain)) return plain;
  return plain
    .split(base64Runs)
    .map((part) => (encoded.test(part) ? notShown : part))
    .join('');
}
