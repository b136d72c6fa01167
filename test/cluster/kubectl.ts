/** The real kubectl on the lane's cluster. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** The administrator's kubeconfig that `tools/apiserver/run.ts` hands over. */
export function clusterKubeconfig(): string {
  const file = process.env['CERTWRIGHT_CLUSTER_KUBECONFIG'];
  if (file === undefined)
    throw new Error('CERTWRIGHT_CLUSTER_KUBECONFIG is not set: run `npm run test:cluster`');
  return file;
}

/** What it printed, warnings included. Rejects when it ends with another code than 0. */
export async function kubectl(...args: string[]): Promise<string> {
  const binary = process.env['CERTWRIGHT_KUBECTL'] ?? 'kubectl';
  const { stdout, stderr } = await execute(binary, ['--kubeconfig', clusterKubeconfig(), ...args], {
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout + stderr;
}
