/** The template that refuses values without a meaning here, with the reason and the remedy. */
import { refusedValues } from './values-refused.ts';
import { allValues, sortedJson } from './values.ts';
import { generatedHeader } from './templates.ts';

const nothing = ['null', '""', 'false', '{}', '[]'];

export function renderCheck(): string {
  const refused = refusedValues.map(
    ({ path, harmless = [], reason }) =>
      `${look(path, [...nothing, ...harmless.map(sortedJson)])}{{- $problems = append $problems ${JSON.stringify(`${path}: ${reason}`)} }}\n{{- end }}\n`,
  );
  const apart = allValues.filter(({ deploymentOnly }) => deploymentOnly === true);
  const unused = (component: string, reason: (rest: string) => string): string =>
    apart
      .filter(({ path }) => path.startsWith(`${component}.`))
      .map(({ path, default: initial }) => {
        const text = `${path}: ${reason(path.slice(component.length + 1))}`;
        return `${look(path, ['null', sortedJson(initial)])}{{- $problems = append $problems ${JSON.stringify(text)} }}\n{{- end }}\n`;
      })
      .join('');
  const injection = unused(
    'cainjector',
    (rest) =>
      `cainjector runs in the deployment of the controller; set split: true to run it apart, or set ${rest}`,
  );
  const webhook = unused(
    'webhook',
    () =>
      'no webhook runs here, as the API server evaluates policies or admission is left to others; leave it out, or set admission.mode: webhook',
  );
  return `${generatedHeader}{{- define "certwright.check" -}}
{{- $values := .Values.AsMap }}
{{- $problems := list }}
${refused.join('')}{{- if not .Values.split }}
${injection}{{- end }}
{{- if ne (include "certwright.admissionMode" .) "webhook" }}
${webhook}{{- end }}
{{- $problems = concat $problems (include "certwright.contradictions" . | fromYamlArray) }}
{{- if $problems }}
{{- fail (printf "\\n\\ncertwright: these values cannot be used:\\n  - %s\\n\\nThe README of the chart lists every value of cert-manager's chart.\\n" (join "\\n  - " $problems)) }}
{{- end }}
{{- end -}}
`;
}

function look(path: string, harmless: readonly string[]): string {
  const names = path.split('.').map((name) => JSON.stringify(name));
  const accepted = harmless.map((value) => `\`${value}\``).join(' ');
  return `{{- if not (has (toJson (dig ${names.join(' ')} nil $values)) (list ${accepted})) }}\n`;
}
