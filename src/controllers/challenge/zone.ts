/** Which names count as one place when slots are shared out: a rough answer is enough, as nothing but fairness depends on it. */
import { isIP } from 'node:net';

/** The last two labels of a DNS name; an IP address is a place of its own. */
export function zoneFor(dnsName: string): string {
  if (isIP(dnsName) !== 0) return dnsName;
  return dnsName.toLowerCase().replace(/\.$/u, '').split('.').slice(-2).join('.');
}
