{{/* Names, labels and the image. A component is "controller", "cainjector" or "webhook". */}}

{{- define "certwright.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "certwright.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "certwright.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "certwright.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "certwright.namespace" -}}
{{- .Values.namespace | default .Release.Namespace -}}
{{- end -}}

{{/* (list . component): the name of its Deployment, Service and ServiceAccount. */}}
{{- define "certwright.componentName" -}}
{{- $root := index . 0 -}}{{- $component := index . 1 -}}
{{- $full := include "certwright.fullname" $root -}}
{{- if eq $component "controller" -}}{{ $full }}{{- else -}}{{ $full }}-{{ $component }}{{- end -}}
{{- end -}}

{{/* (list . component): the values of its deployment. In one process cainjector has those of the controller. */}}
{{- define "certwright.serviceAccountName" -}}
{{- $root := index . 0 -}}{{- $component := index . 1 -}}
{{- $values := $root.Values -}}
{{- if or (eq $component "webhook") (and (eq $component "cainjector") $root.Values.split) -}}
{{- $values = index $root.Values $component -}}
{{- else -}}
{{- $component = "controller" -}}
{{- end -}}
{{- if $values.serviceAccount.name -}}
{{- $values.serviceAccount.name -}}
{{- else if $values.serviceAccount.create -}}
{{- include "certwright.componentName" (list $root $component) -}}
{{- else -}}
default
{{- end -}}
{{- end -}}

{{/* (list . component) */}}
{{- define "certwright.selectorLabels" -}}
{{- $root := index . 0 -}}{{- $component := index . 1 -}}
app.kubernetes.io/name: {{ ternary (include "certwright.name" $root) $component (eq $component "controller") }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ $component | quote }}
{{- end -}}

{{/* (list . component) */}}
{{- define "certwright.labels" -}}
{{- $root := index . 0 -}}{{- $component := index . 1 -}}
{{- $labels := dict
  "app" (ternary (include "certwright.name" $root) $component (eq $component "controller"))
  "app.kubernetes.io/version" $root.Chart.AppVersion -}}
{{- $labels = merge $labels (include "certwright.selectorLabels" . | fromYaml) -}}
{{- if ne $root.Values.creator "static" -}}
{{- $labels = merge $labels (dict
  "app.kubernetes.io/managed-by" $root.Release.Service
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name ($root.Chart.Version | replace "+" "_"))) -}}
{{- end -}}
{{- toYaml (merge $labels $root.Values.global.commonLabels) -}}
{{- end -}}

{{- define "certwright.image" -}}
{{- $image := .Values.image -}}
{{- $name := "" -}}
{{- if $image.repository -}}
{{- $name = $image.repository -}}
{{- if $image.registry -}}{{- $name = printf "%s/%s" $image.registry $name -}}{{- end -}}
{{- else -}}
{{- $parts := list -}}
{{- range list ($image.registry | default .Values.imageRegistry) .Values.imageNamespace $image.name -}}
{{- if . -}}{{- $parts = append $parts . -}}{{- end -}}
{{- end -}}
{{- $name = join "/" $parts -}}
{{- end -}}
{{- if and $image.tag $image.digest -}}
{{- printf "%s:%s@%s" $name $image.tag $image.digest -}}
{{- else if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name ($image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
