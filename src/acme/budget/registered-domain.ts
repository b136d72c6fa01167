/** The part of a name that somebody registered, for which CAs count certificates. */
import { isIP } from 'node:net';

/** Answers how many labels at the end of a name are a public suffix. */
export type PublicSuffixes = (labels: readonly string[]) => number;

/** Second levels under country codes where names are sold on the third level. */
const secondLevels = new Set(
  'ac co com edu go gob gov gouv gv govt id ind lg ltd mil ne net nhs nom or org plc sch asn info web firm store'.split(
    ' ',
  ),
);
/** Suffixes of hosting companies that CAs count by customer. Those who sell the most names; a list can be handed in. */
const hosters = new Set(
  (
    'appspot.com azurewebsites.net blogspot.com cloudapp.net cloudfront.net duckdns.org firebaseapp.com fly.dev ' +
    'github.io gitlab.io herokuapp.com netlify.app ngrok.io onrender.com pages.dev run.app sslip.io vercel.app ' +
    'web.app workers.dev'
  ).split(' '),
);

/**
 * A rule in place of the Public Suffix List, which is 330 KB, changes weekly and is not ours to ship: the last label,
 * two under a country code with a word like `co` or `com`, two for the big hosters. Where it takes too few labels,
 * strangers' certificates are counted together only for names of this installation; where it takes too many, the CA
 * refuses and says when to come back. With the list of the system, `parsePublicSuffixList` is exact.
 */
export const shortRule: PublicSuffixes = (labels) => {
  const [top = '', second = ''] = labels.toReversed();
  if (top.length === 2 && secondLevels.has(second)) return 2;
  return hosters.has(`${second}.${top}`) ? 2 : 1;
};

/**
 * The registered domain of a name; the name itself where it is a public suffix or has no dot. An IPv4 address is its own,
 * an IPv6 address counts by its /64 (letsencrypt.org/docs/rate-limits).
 */
export function registeredDomain(identifier: string, suffixes: PublicSuffixes = shortRule): string {
  if (isIP(identifier) === 4) return identifier;
  // With a zone (RFC 4007 §11) it is nobody's address, and text that anybody may write.
  if (isIP(identifier) === 6 && !identifier.includes('%')) return `${firstGroups(identifier).join(':')}::/64`;
  const labels = identifier.toLowerCase().replace(/\.$/u, '').replace(/^\*\./u, '').split('.');
  const suffix = Math.max(1, Math.min(suffixes(labels), labels.length));
  return labels.slice(-(suffix + 1)).join('.');
}

function firstGroups(address: string): string[] {
  const [head = '', tail = ''] = address.toLowerCase().split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail)];
  // An IPv4 address at the end takes two groups.
  const length = before.length + after.length + (address.includes('.') ? 1 : 0);
  const all = address.includes('::') ? [...before, ...Array<string>(8 - length).fill('0'), ...after] : before;
  return all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
}

/** The list of publicsuffix.org, as distributions install it: rules, `*.` rules and `!` exceptions, both sections. */
export function parsePublicSuffixList(text: string): PublicSuffixes {
  const rules = new Set<string>();
  for (const line of text.slice(0, 4 << 20).split('\n')) {
    const rule = line.trim().split(/\s/u, 1)[0] ?? '';
    if (rule !== '' && !rule.startsWith('//')) rules.add(toAscii(rule));
  }
  return (labels) => {
    let longest = 1;
    for (let count = 1; count <= labels.length; count++) {
      const name = labels.slice(-count).join('.');
      if (rules.has(`!${name}`)) return count - 1;
      const [, ...above] = labels.slice(-count);
      if (rules.has(name) || (above.length > 0 && rules.has(`*.${above.join('.')}`))) longest = count;
    }
    return longest;
  };
}

/** Rules are in U-labels, names in A-labels. */
function toAscii(rule: string): string {
  const [, mark = '', name = ''] = /^(!|\*\.)?(.*)$/u.exec(rule) ?? [];
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7F]*$/u.test(name)) return mark + name.toLowerCase();
  const url = `http://${name}/`;
  return mark + (URL.canParse(url) ? new URL(url).hostname : name);
}
