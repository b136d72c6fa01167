/** Domain names as the APIs of providers want them: with or without the final dot, or relative to a zone. */

/** `example.com.` to `example.com`. */
export function withoutDot(fqdn: string): string {
  return fqdn.endsWith('.') ? fqdn.slice(0, -1) : fqdn;
}

/** Names as the API returns them, in the form in which we hold them: lower case, with the final dot. */
export function absolute(name: string): string {
  return `${withoutDot(name.toLowerCase())}.`;
}

/** Whether `fqdn` is `zone` or below it. Both absolute. */
export function inZone(fqdn: string, zone: string): boolean {
  return fqdn === zone || fqdn.endsWith(`.${zone}`);
}

/** `_acme-challenge.www.example.com.` in `example.com.` is `_acme-challenge.www`; the zone itself is `@`. */
export function relativeTo(fqdn: string, zone: string): string {
  return fqdn === zone ? '@' : fqdn.slice(0, -(zone.length + 1));
}
