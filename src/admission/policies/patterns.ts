/** The grammars of this room as regular expressions of RE2, which CEL matches with. */

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const part = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';

/** RFC 1123 as Kubernetes names objects; at most 253 characters, which is asked apart. */
export const subdomain = `^${label}(?:\\.${label})*$`;
/** Keys of labels and annotations. */
export const qualifiedName = `^(?:${label}(?:\\.${label})*/)?${part}$`;
export const labelValue = `^(?:${part})?$`;

/** Go's time.ParseDuration, whatever its length. */
export const duration =
  '^[+-]?(?:0|(?:(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:ns|us|\\x{b5}s|\\x{3bc}s|ms|s|m|h))+)$';

const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\x{80}-\\x{10ffff}-]+";
/** A dot-atom mailbox of RFC 5322 §3.4.1, non-ASCII letters allowed (RFC 6532). */
export const mailbox = `^${atom}(?:\\.${atom})*@(?:${atom}(?:\\.${atom})*|\\[[0-9A-Za-z.:]+\\])$`;

export const dottedNumbers = '^[0-9]+(?:\\.[0-9]+)+$';

/** IPv6 addresses that map IPv4 ones, which CEL's `isIP` does not take. */
export const mappedAddress =
  '^(?i)[0:]{2,24}ffff:(?:(?:[0-9]{1,3}\\.){3}[0-9]{1,3}|[0-9a-f]{1,4}:[0-9a-f]{1,4})$';

/** A path with a `..` segment. */
export const dotDot = '(?:^|/)\\.\\.(?:/|$)';

/** host, host:port, [IPv6] or [IPv6]:port; address and port are looked at apart. */
export const nameserver = '^(?:\\[[^\\]]*\\]|[^:\\[\\]]+)(?::[0-9]{0,5})?$';

/** ip:port or [IP]:port of a server that is asked; address and port are looked at apart. */
export const serverAddress = '^(?:\\[[^\\]]+\\]|[^:\\[\\]]+):[0-9]{1,5}$';
/** A server that is asked over HTTPS (RFC 8484). No user, no password: what is in an issuer is read by many. */
export const dohServer = '^https://[^/?#@\\s]+(?:[/?][^#\\s]*)?$';
/** What paths are appended to. */
export const httpEndpoint = '^https?://[^/?#@\\s]+(?:/[^?#\\s]*)?$';

function cronField(min: number, max: number, names: readonly string[] = []): string {
  const numbers = Array.from({ length: max - min + 1 }, (_, index) => String(min + index));
  const value = `(?:0*(?:${numbers.toReversed().join('|')})${names.map((name) => `|${name}`).join('')})`;
  const range = `(?:\\*|\\?|${value}(?:-${value})?)(?:/0*[1-9][0-9]{0,8})?`;
  return `,*${range}(?:,+${range})*,*`;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields = [
  cronField(0, 59),
  cronField(0, 23),
  cronField(1, 31),
  cronField(1, 12, months),
  cronField(0, 6, days),
];

/** Five fields or a descriptor. That a range ends after it begins is not seen. */
export const cron = `^\\s*(?:(?i:${fields.join('\\s+')})|@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)|@every [^ ]+)\\s*$`;

/** An IANA time zone by its shape; whether it exists is asked apart. */
export const timeZone = '^[A-Za-z][A-Za-z0-9+_/-]{0,63}$';
