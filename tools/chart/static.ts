/** Writes deploy/certwright.yaml from the chart: `node tools/chart/static.ts`, for people without Helm. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onPath } from '../peers/toolchain.ts';
import { helmFile, helmProgram, helmTemplate, root } from './helm.ts';

export const staticFile = join(root, 'deploy/certwright.yaml');

const header = `# Certwright without Helm: kubectl apply --server-side -f certwright.yaml
# Rendered from charts/certwright for Kubernetes 1.36 and later (admission policies, no webhook); do not edit.
---
apiVersion: v1
kind: Namespace
metadata:
  name: cert-manager
  labels:
    pod-security.kubernetes.io/enforce: restricted
`;

export async function renderStatic(): Promise<string> {
  const text = await helmTemplate(['--set=creator=static', '--set=admission.mode=policies']);
  return header + text.replaceAll(/^# Source: .*\n/gmu, '');
}

async function main(): Promise<void> {
  if (process.argv.includes('--if-built') && !existsSync(helmFile)) {
    console.error(
      'deploy/certwright.yaml is left as it is: `npm run test:cluster` builds the Helm that writes it',
    );
    return;
  }
  const helm = await helmProgram(onPath('go', process.env['PATH'] ?? '', ['/usr/local/go/bin']));
  if (helm.path === undefined) throw new Error(`helm: ${helm.missing}`);
  await writeFile(staticFile, await renderStatic());
}

if (import.meta.main) await main();
