/** Writes deploy/admission/*.yaml from src/admission/policies: `npm run generate`. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { policies, type BoundPolicy } from '../../src/admission/policies/policies.ts';

export const admissionFolder = join(import.meta.dirname, '..', '..', 'deploy', 'admission');

const header = '# Generated from src/admission/policies by `npm run generate`; do not edit.\n';

/** `certificates.yaml` for certwright-certificates. */
export function fileName({ name }: BoundPolicy): string {
  return `${name.replace(/^certwright-/u, '')}.yaml`;
}

/** The policy and its binding, in one file. */
export function render({ policy, binding }: BoundPolicy): string {
  const text = (object: object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
  return `${header}${text(policy)}---\n${text(binding)}`;
}

async function main(): Promise<void> {
  await mkdir(admissionFolder, { recursive: true });
  const wanted = new Map(policies().map((bound) => [fileName(bound), render(bound)]));
  for (const name of await readdir(admissionFolder)) {
    if (name.endsWith('.yaml') && !wanted.has(name)) await rm(join(admissionFolder, name));
  }
  for (const [name, text] of wanted) await writeFile(join(admissionFolder, name), text);
}

if (import.meta.main) await main();
