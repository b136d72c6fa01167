/** The keys and certificates of one cluster, made with openssl: nothing of ours vouches for the server that we are tested on. */

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** PEM texts. */
export interface KeyPair {
  readonly key: string;
  readonly certificate: string;
}

/** A CA, the server's certificate and the key that signs ServiceAccount tokens, in `folder`. */
export async function makePki(folder: string): Promise<void> {
  const file = (name: string): string => path.join(folder, name);
  const self = ['-x509', '-days', '2', '-subj', '/CN=cluster-ca', '-addext', 'keyUsage=critical,keyCertSign'];
  await run('openssl', ['req', ...NEW_KEY, ...self, '-keyout', file('ca.key'), '-out', file('ca.crt')]);
  await sign(
    folder,
    'server',
    '/CN=kube-apiserver',
    'extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc',
  );
  const key = file('sa.key');
  await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key]);
  await run('openssl', ['ec', '-in', key, '-pubout', '-out', file('sa.pub')]);
}

/** A client certificate: RBAC sees the common name as the user, the organizations as the groups. */
export function clientPair(folder: string, user: string, groups: readonly string[]): Promise<KeyPair> {
  const organizations = groups.map((group) => `/O=${group}`).join('');
  const name = `client-${user.replaceAll(/[^\w.-]/gu, '-')}`;
  return sign(folder, name, `${organizations}/CN=${user}`, 'extendedKeyUsage=clientAuth');
}

async function sign(folder: string, name: string, subject: string, extensions: string): Promise<KeyPair> {
  const file = (suffix: string): string => path.join(folder, `${name}.${suffix}`);
  const ca = (suffix: string): string => path.join(folder, `ca.${suffix}`);
  await writeFile(file('ext'), `keyUsage=critical,digitalSignature\n${extensions}\n`);
  await run('openssl', ['req', ...NEW_KEY, '-subj', subject, '-keyout', file('key'), '-out', file('csr')]);
  const issuer = ['-CA', ca('crt'), '-CAkey', ca('key'), '-CAserial', file('srl'), '-CAcreateserial'];
  const ask = ['-in', file('csr'), '-days', '2', '-extfile', file('ext'), '-out', file('crt')];
  await run('openssl', ['x509', '-req', ...ask, ...issuer]);
  return { key: await readFile(file('key'), 'utf8'), certificate: await readFile(file('crt'), 'utf8') };
}
