/** A TLS client on a host outside the cluster, that trusts one CA and checks the name. */

import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { NODE_ADDRESS, outside } from './node.ts';

/**
 * Connects to the node as a browser would: by name, verified against `ca`.
 *
 * @returns the certificate that was served, and the body of `GET /`
 * @throws Error when the chain or the name does not hold
 */
export async function visit(host: string, ca: string): Promise<{ leaf: X509Certificate; body: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'certwright-outside-'));
  try {
    const file = path.join(folder, 'ca.crt');
    await writeFile(file, ca);
    const served = await outside(
      words(
        `openssl s_client -connect ${NODE_ADDRESS}:443 -servername ${host} -CAfile ${file}
         -verify_hostname ${host} -verify_return_error`,
      ),
    );
    const body = await outside(
      words(
        `curl --silent --show-error --fail --max-time 5 --cacert ${file}
         --resolve ${host}:443:${NODE_ADDRESS} https://${host}/`,
      ),
    );
    return { leaf: new X509Certificate(served), body };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function words(command: string): string[] {
  return command.split(/\s+/u);
}
