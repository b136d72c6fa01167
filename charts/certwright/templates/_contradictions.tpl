{{/* YAML list of values that contradict each other. */}}
{{- define "certwright.contradictions" -}}
{{- $problems := list -}}
{{- if and .Values.prometheus.servicemonitor.enabled .Values.prometheus.podmonitor.enabled -}}
{{- $problems = append $problems "prometheus.servicemonitor.enabled and prometheus.podmonitor.enabled: both would scrape the same metrics twice; choose one" -}}
{{- end -}}
{{- if and .Values.installCRDs (not .Values.crds.keep) -}}
{{- $problems = append $problems "installCRDs: it cannot be combined with crds.keep: false; use crds.enabled" -}}
{{- end -}}
{{- if regexMatch "(^|/)cert-manager-(controller|webhook|cainjector)$" (printf "%s" (.Values.image.repository | default .Values.image.name)) -}}
{{- $problems = append $problems "image: it names an image of cert-manager, which does not know these arguments; take image.* out, or name yours of Certwright" -}}
{{- end -}}
{{- if .Values.watchNamespace -}}
{{- if not (has .Values.admission.mode (list "auto" "none")) -}}
{{- $problems = append $problems (printf "admission.mode %q: admission is cluster-wide, and watchNamespace installs nothing that is; leave it out, an administrator installs it for all namespaces" .Values.admission.mode) -}}
{{- end -}}
{{- else if eq (include "certwright.admissionMode" .) "webhook" -}}
{{- if not .Values.cainjector.enabled -}}
{{- $problems = append $problems "cainjector.enabled: the webhook is trusted only once cainjector has written its CA; leave it on, or choose another admission.mode" -}}
{{- end -}}
{{- if and .Values.webhook.enableClientVerification (not .Values.webhook.clientCAFile) -}}
{{- $problems = append $problems "webhook.clientCAFile: name the CA file that client certificates of the API server are checked with, and mount it with webhook.volumes" -}}
{{- end -}}
{{- end -}}
{{- $config := .Values.config -}}
{{- if and $config.kind (ne $config.kind "ControllerConfiguration") -}}
{{- $problems = append $problems (printf "config.kind %q: the controller reads a ControllerConfiguration" $config.kind) -}}
{{- end -}}
{{- if $problems -}}{{- toYaml $problems -}}{{- else -}}[]{{- end -}}
{{- end -}}
