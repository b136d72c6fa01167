/** Writes deploy/crds/*.yaml from the schemas in src/api: `npm run generate`. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { crds } from '../../src/api/crds.ts';
import type { CustomResourceDefinition } from '../../src/api/custom-resource-definition.ts';

export const crdFolder = join(import.meta.dirname, '..', '..', 'deploy', 'crds');

const header = '# Generated from src/api by `npm run generate`; do not edit.\n';

/** `certificates.yaml` for certificates.cert-manager.io. */
export function fileName(crd: CustomResourceDefinition): string {
  return `${crd.spec.names.plural}.yaml`;
}

/** The file as it is to be: keys sorted, except where people look for an order of their own. */
export function render(crd: CustomResourceDefinition): string {
  return header + stringify(ordered(crd), { lineWidth: 120, aliasDuplicateObjects: false });
}

const first = ['apiVersion', 'kind', 'metadata', 'name', 'description', 'type'];

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, ordered(entry)]));
}

function rank(key: string): number {
  const index = first.indexOf(key);
  return index < 0 ? first.length : index;
}

async function main(): Promise<void> {
  await mkdir(crdFolder, { recursive: true });
  const wanted = new Map(crds.map((crd) => [fileName(crd), render(crd)]));
  for (const name of await readdir(crdFolder)) {
    if (name.endsWith('.yaml') && !wanted.has(name)) await rm(join(crdFolder, name));
  }
  for (const [name, text] of wanted) await writeFile(join(crdFolder, name), text);
}

if (import.meta.main) await main();
