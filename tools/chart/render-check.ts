/** The template that refuses values without a meaning here, with the reason and the remedy. */
import { refusedValues } from './values-refused.ts';
import type { ValueRow } from './value-row.ts';
import { allValues, sortedJson } from './values.ts';
import { generatedHeader } from './templates.ts';

const nothing = ['null', '""', 'false', '{}', '[]'];

export function renderCheck(): string {
  const refused = refusedValues.map(
    ({ path, harmless = [], reason }) =>
      `${look(path, [...nothing, ...harmless.map(sortedJson)])}{{- $problems = append $problems ${JSON.stringify(`${path}: ${reason}`)} }}\n{{- end }}\n`,
  );
  const apart = allValues.filter(({ splitOnly }) => splitOnly === true);
  const component = ({ path }: ValueRow): string => path.split('.')[0] ?? '';
  const separate = apart.map((row) => {
    const reason = `${row.path}: ${component(row)} runs in the deployment of the controller; set split: true to run it apart, or set ${row.path.replace(/^\w+\./u, '')}`;
    return `${look(row.path, ['null', sortedJson(row.default)])}{{- $problems = append $problems ${JSON.stringify(reason)} }}\n{{- end }}\n`;
  });
  return `${generatedHeader}{{- define "certwright.check" -}}
{{- $values := .Values.AsMap }}
{{- $problems := list }}
${refused.join('')}{{- if not .Values.split }}
${separate.join('')}{{- end }}
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
