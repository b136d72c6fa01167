/** The chart's template of CustomResourceDefinitions: those of deploy/crds, with labels and the annotation that keeps them. */
import { crds } from '../../src/api/crds.ts';
import { render } from '../generate/crds.ts';
import { escapeTemplate, generatedHeader, labelLines } from './templates.ts';

export function renderCrds(): string {
  const documents = crds.map((crd) => {
    const name = crd.metadata?.name ?? '';
    const text = render(crd).replace(/^#.*\n/u, '');
    const head = `metadata:\n  name: ${name}\n`;
    if (!text.includes(head)) throw new Error(`${name}: its metadata is not written as expected`);
    const [before = '', after = ''] = text.split(head);
    return `---
${escapeTemplate(before)}metadata:
  name: ${name}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
  labels: ${labelLines('crds')}
${escapeTemplate(after)}`;
  });
  return `${generatedHeader}{{- if and (or .Values.crds.enabled .Values.installCRDs) (not .Values.watchNamespace) }}
${documents.join('')}{{- end }}
`;
}
