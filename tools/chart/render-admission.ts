/** The chart's template of admission policies: those of deploy/admission, with labels. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { escapeTemplate, generatedHeader, labelLines } from './templates.ts';

const folder = join(import.meta.dirname, '../../deploy/admission');

interface Policy {
  metadata: { name: string; labels?: unknown; annotations?: unknown };
}

export async function renderAdmission(): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).toSorted();
  const documents: string[] = [];
  for (const name of names) {
    const text = await readFile(join(folder, name), 'utf8');
    for (const document of parseAllDocuments(text)) documents.push(policy(document.toJS() as Policy));
  }
  return `${generatedHeader}{{- if eq (include "certwright.admissionMode" .) "policies" }}
${documents.join('')}{{- end }}
`;
}

function policy({ metadata, ...rest }: Policy): string {
  const { apiVersion, kind, ...body } = rest as Record<string, unknown>;
  const annotations =
    metadata.annotations === undefined
      ? ''
      : escapeTemplate(
          stringify({ annotations: metadata.annotations }, { lineWidth: 0 })
            .replaceAll(/^/gmu, '  ')
            .trimEnd(),
        ) + '\n';
  return `---
apiVersion: ${String(apiVersion)}
kind: ${String(kind)}
metadata:
  name: ${metadata.name}
${annotations}  labels: ${labelLines('admission')}
${escapeTemplate(stringify(body, { lineWidth: 0 }))}`;
}
