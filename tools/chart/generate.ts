/** Writes the generated parts of charts/certwright: part of `npm run generate`. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderAdmission } from './render-admission.ts';
import { renderAlerts } from './render-alerts.ts';
import { renderCheck } from './render-check.ts';
import { renderCrds } from './render-crds.ts';
import { renderRbac } from './render-rbac.ts';
import { renderReadme } from './render-readme.ts';
import { renderSchema, renderValues } from './render-values.ts';

export const chartFolder = join(import.meta.dirname, '../../charts/certwright');

/** Path below the chart to text. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const readme = await readFile(join(chartFolder, 'README.md'), 'utf8');
  return new Map([
    ['values.yaml', renderValues()],
    ['values.schema.json', renderSchema()],
    ['README.md', renderReadme(readme)],
    ['templates/rbac.yaml', renderRbac()],
    ['templates/crds.yaml', renderCrds()],
    ['templates/admission.yaml', await renderAdmission()],
    ['templates/prometheusrule.yaml', renderAlerts()],
    ['templates/_check.tpl', renderCheck()],
  ]);
}

async function main(): Promise<void> {
  for (const [path, text] of await generatedFiles()) await writeFile(join(chartFolder, path), text);
}

if (import.meta.main) await main();
