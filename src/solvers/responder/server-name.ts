/** Between an identifier and the server name that a CA asks for it by: addresses go by their reverse name (RFC 8738 §6). */
import { isIP } from 'node:net';
import { decodeIp, encodeIp } from '../../pki/x509/ip-address.ts';

/** `192.0.2.1` gives `1.2.0.192.in-addr.arpa`; names stay. */
export function serverNameOf(identifier: string): string {
  if (isIP(identifier) === 0) return identifier.toLowerCase();
  const bytes = encodeIp(identifier);
  if (bytes.length === 4) return `${[...bytes].toReversed().join('.')}.in-addr.arpa`;
  return `${bytes.toString('hex').split('').toReversed().join('.')}.ip6.arpa`;
}

/** The way back; a name that is no whole reverse name stays as it is. */
export function identifierOfServerName(serverName: string): string {
  const name = serverName.toLowerCase().replace(/\.$/, '');
  const old = /^((?:\d{1,3}\.){4})in-addr\.arpa$/.exec(name);
  if (old !== null) {
    const address = (old[1] ?? '').slice(0, -1).split('.').toReversed().join('.');
    return isIP(address) === 4 ? address : name;
  }
  const modern = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name);
  if (modern === null) return name;
  const hex = (modern[1] ?? '').replaceAll('.', '');
  return decodeIp(Buffer.from(hex.split('').toReversed().join(''), 'hex')) ?? name;
}
