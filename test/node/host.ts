/** This process as a host outside the cluster: `tools/cluster/run.ts` starts the tests in the network of that host. */

import { readFile } from 'node:fs/promises';
import { request, type RequestOptions } from 'node:https';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { openAuditLog, type AuditLog } from '../../tools/apiserver/audit.ts';
import { home, NODE_ADDRESS } from './node.ts';

/** `KC_OUT_IP` of `tools/cluster/env.sh`: where servers of a test listen for the node and its Pods. */
export const OUTSIDE_ADDRESS = '10.77.0.1';

/** @throws Error when this process cannot listen there */
export function assertOutside(): void {
  const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  if (!own.includes(OUTSIDE_ADDRESS))
    throw new Error(`this is not the host ${OUTSIDE_ADDRESS}: these tests are run by "npm run test:node"`);
}

/** Of the cluster's administrator. */
async function api(pathname: string): Promise<RequestOptions> {
  const file = (name: string): Promise<Buffer> => readFile(path.join(home(), 'run/pki', name));
  const [ca, cert, key] = await Promise.all(['ca.crt', 'admin.crt', 'admin.key'].map(file));
  return { host: NODE_ADDRESS, port: 6443, path: pathname, ca, cert, key, agent: false };
}

/** What the node's API server was asked. */
export function auditLog(): AuditLog {
  return openAuditLog(path.join(home(), 'run/log/audit.log'), async (pathname) => {
    const options = await api(pathname);
    await new Promise<void>((resolve, reject) => {
      request(options, (answer) => answer.resume().once('end', resolve))
        .once('error', reject)
        .end();
    });
  });
}

/** Every state that objects of one list are in while the watch is open: some of them are gone before anybody could ask. */
export class Watch<T> implements Disposable {
  /** In order; the last of each object is what it was when it was deleted. */
  readonly seen: T[] = [];
  #end: () => void = () => undefined;

  /** @param list `/apis/acme.cert-manager.io/v1/namespaces/shop/challenges` */
  static async of<T>(list: string): Promise<Watch<T>> {
    const watch = new Watch<T>();
    const options = await api(`${list}?watch=1&resourceVersion=0`);
    await new Promise<void>((resolve, reject) => {
      const outgoing = request(options, (answer) => {
        if (answer.statusCode !== 200) return reject(new Error(`${list}: ${answer.statusCode}`));
        createInterface({ input: answer })
          .on('line', (line) => {
            const { type, object } = JSON.parse(line) as { type: string; object: T };
            if (type === 'ERROR') outgoing.destroy(new Error(`${list}: ${line}`));
            else watch.seen.push(object);
          })
          // The end of the watch is ours.
          .on('error', () => undefined);
        resolve();
      });
      watch.#end = () => outgoing.destroy();
      outgoing.on('error', reject).end();
    });
    return watch;
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}
