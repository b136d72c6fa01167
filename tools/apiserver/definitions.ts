/** Installs our CustomResourceDefinitions as the documentation tells people to: `kubectl apply --server-side`. */

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = path.resolve(import.meta.dirname, '../../deploy/crds');

/** Resolves when every definition is established. `kubectl` is the program, `kubeconfig` the administrator's file. */
export async function installDefinitions(kubectl: string, kubeconfig: string): Promise<void> {
  const ask = (...args: string[]) => run(kubectl, ['--kubeconfig', kubeconfig, ...args]);
  await ask('apply', '--server-side', '-f', folder);
  await ask('wait', '--for=condition=Established', '--timeout=180s', '-f', folder);
}
