/** The chart's PrometheusRule, from the table of alerts. */
import { alerts, thresholds } from './alerts.ts';
import { escapeTemplate, generatedHeader, labelLines } from './templates.ts';

export function renderAlerts(): string {
  const rules = alerts.map(
    (alert) => `        - alert: ${alert.name}
          expr: ${text(alert.expression)}
          for: ${text(alert.for)}
          labels:
            severity: ${alert.severity}
          annotations:
            summary: ${text(alert.summary)}
            description: ${text(alert.description)}
`,
  );
  return `${generatedHeader}{{- $rule := .Values.prometheus.rule }}
{{- if and .Values.prometheus.enabled $rule.enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{ include "certwright.fullname" . }}
  namespace: {{ $rule.namespace | default (include "certwright.namespace" .) }}
  labels: ${labelLines('controller')}
    {{- with $rule.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $rule.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  groups:
    - name: certwright
      rules:
${rules.join('')}{{- end }}
`;
}

function text(value: string): string {
  return escapeTemplate(JSON.stringify(value)).replaceAll(/@(\w+)@/gu, (_all, name: string) => {
    const action = thresholds[name];
    if (action === undefined) throw new Error(`there is no threshold ${name}`);
    return `{{ ${action} }}`;
  });
}
