/** A CA and a server's certificate made with openssl: nothing of ours vouches for the servers that we are tested against. */

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const CA = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n';

/** Files `<name>.key` and `<name>.crt` of a self-signed root. */
export async function makeRoot(folder: string, name: string): Promise<void> {
  const [key, crt] = [path.join(folder, `${name}.key`), path.join(folder, `${name}.crt`)];
  const self = [
    '-x509',
    '-days',
    '3',
    '-subj',
    `/CN=test ${name}`,
    '-addext',
    'keyUsage=critical,keyCertSign',
  ];
  await run('openssl', ['req', ...NEW_KEY, ...self, '-keyout', key, '-out', crt]);
}

/** Files `<name>.key` and `<name>.crt`, signed by `<ca>`: a CA without names, a server's certificate with them. */
export async function makeSigned(
  folder: string,
  ca: string,
  name: string,
  hosts: readonly string[],
): Promise<void> {
  const file = (stem: string, suffix: string): string => path.join(folder, `${stem}.${suffix}`);
  const names = hosts.map((host) => `${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}`).join(',');
  const leaf = `keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=${names}\n`;
  await writeFile(file(name, 'ext'), hosts.length === 0 ? CA : leaf);
  const subject = ['-subj', `/CN=test ${name}`, '-keyout', file(name, 'key'), '-out', file(name, 'csr')];
  await run('openssl', ['req', ...NEW_KEY, ...subject]);
  const issuer = ['-CA', file(ca, 'crt'), '-CAkey', file(ca, 'key'), '-CAcreateserial'];
  const ask = [
    '-in',
    file(name, 'csr'),
    '-days',
    '2',
    '-extfile',
    file(name, 'ext'),
    '-out',
    file(name, 'crt'),
  ];
  await run('openssl', ['x509', '-req', ...ask, ...issuer, '-CAserial', file(name, 'srl')]);
}

export function certificateOf(folder: string, name: string): Promise<string> {
  return readFile(path.join(folder, `${name}.crt`), 'utf8');
}
