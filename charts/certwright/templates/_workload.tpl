{{/* What every deployment looks like. All take (dict "root" . "component" name "values" map "args" list ...). */}}

{{- define "certwright.configName" -}}
{{- include "certwright.componentName" (list .root .component) -}}
{{- end -}}

{{/* A probe over HTTP: (dict "probe" values "path" path "port" name). */}}
{{- define "certwright.probe" -}}
httpGet:
  path: {{ .path }}
  port: {{ .port }}
  scheme: HTTP
initialDelaySeconds: {{ .probe.initialDelaySeconds }}
periodSeconds: {{ .probe.periodSeconds }}
timeoutSeconds: {{ .probe.timeoutSeconds }}
successThreshold: {{ .probe.successThreshold }}
failureThreshold: {{ .probe.failureThreshold }}
{{- end -}}

{{- define "certwright.deployment" -}}
{{- $root := .root -}}{{- $values := .values -}}{{- $global := $root.Values.global -}}
{{- $name := include "certwright.componentName" (list $root .component) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  namespace: {{ include "certwright.namespace" $root }}
  labels: {{- include "certwright.labels" (list $root .component) | nindent 4 }}
  {{- with $values.deploymentAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  replicas: {{ $values.replicaCount }}
  {{- if not (kindIs "invalid" $global.revisionHistoryLimit) }}
  revisionHistoryLimit: {{ $global.revisionHistoryLimit }}
  {{- end }}
  selector:
    matchLabels: {{- include "certwright.selectorLabels" (list $root .component) | nindent 6 }}
  {{- with $values.strategy }}
  strategy: {{- toYaml . | nindent 4 }}
  {{- end }}
  template:
    metadata:
      labels: {{- merge (dict) (include "certwright.labels" (list $root .component) | fromYaml) $values.podLabels | toYaml | nindent 8 }}
      {{- $annotations := merge (dict) $values.podAnnotations }}
      {{- with $values.config }}
      {{- $annotations = set $annotations "checksum/config" (toYaml . | sha256sum) }}
      {{- end }}
      {{- $prometheus := $root.Values.prometheus }}
      {{- if and $prometheus.enabled (not (or $prometheus.servicemonitor.enabled $prometheus.podmonitor.enabled)) }}
      {{- $annotations = merge $annotations (dict "prometheus.io/scrape" "true" "prometheus.io/port" "9402" "prometheus.io/path" "/metrics") }}
      {{- end }}
      {{- with $annotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "certwright.serviceAccountName" (list $root .component) }}
      {{- if kindIs "bool" $values.automountServiceAccountToken }}
      automountServiceAccountToken: {{ $values.automountServiceAccountToken }}
      {{- end }}
      enableServiceLinks: {{ $values.enableServiceLinks }}
      {{- with $global.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $global.priorityClassName }}
      priorityClassName: {{ . | quote }}
      {{- end }}
      {{- with ($values.runtimeClassName | default $global.runtimeClassName) }}
      runtimeClassName: {{ . | quote }}
      {{- end }}
      {{- if kindIs "bool" $global.hostUsers }}
      hostUsers: {{ $global.hostUsers }}
      {{- end }}
      {{- if .hostNetwork }}
      hostNetwork: true
      dnsPolicy: ClusterFirstWithHostNet
      {{- else }}
      {{- with $values.podDnsPolicy }}
      dnsPolicy: {{ . }}
      {{- end }}
      {{- end }}
      {{- with $values.podDnsConfig }}
      dnsConfig: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.hostAliases }}
      hostAliases: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.securityContext }}
      securityContext: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if or $values.volumes $values.config }}
      volumes:
        {{- if $values.config }}
        - name: config
          configMap:
            name: {{ $name }}
        {{- end }}
        {{- with $values.volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      containers:
        - name: {{ ternary "certwright-controller" (printf "certwright-%s" .component) (eq .component "controller") }}
          image: {{ include "certwright.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: {{- toYaml .args | nindent 12 }}
          ports: {{- toYaml .ports | nindent 12 }}
          {{- with $values.containerSecurityContext }}
          securityContext: {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- if or $values.volumeMounts $values.config }}
          volumeMounts:
            {{- if $values.config }}
            - name: config
              mountPath: /var/cert-manager/config
              readOnly: true
            {{- end }}
            {{- with $values.volumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- end }}
          env:
            - name: POD_NAMESPACE
              valueFrom:
                fieldRef:
                  fieldPath: metadata.namespace
            {{- if eq .component "controller" }}
            {{- range $variable, $field := dict "POD_NAME" "metadata.name" "POD_IP" "status.podIP" "POD_IPS" "status.podIPs" }}
            - name: {{ $variable }}
              valueFrom:
                fieldRef:
                  fieldPath: {{ $field }}
            {{- end }}
            {{- end }}
            {{- range $variable := list "http_proxy" "https_proxy" "no_proxy" }}
            {{- with index $root.Values $variable }}
            - name: {{ $variable | upper }}
              value: {{ . | quote }}
            {{- end }}
            {{- end }}
            {{- with $values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- with .livenessProbe }}
          livenessProbe: {{- . | nindent 12 }}
          {{- end }}
          {{- with .readinessProbe }}
          readinessProbe: {{- . | nindent 12 }}
          {{- end }}
          {{- with $values.resources }}
          resources: {{- toYaml . | nindent 12 }}
          {{- end }}
        {{- with $values.extraContainers }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with merge (dict) $global.nodeSelector $values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.topologySpreadConstraints }}
      topologySpreadConstraints: {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}

{{/* ServiceAccount, ConfigMap, PodDisruptionBudget, NetworkPolicies and Service of a deployment. */}}
{{- define "certwright.besides" -}}
{{- $root := .root -}}{{- $values := .values -}}{{- $component := .component -}}
{{- $name := include "certwright.componentName" (list $root $component) -}}
{{- $namespace := include "certwright.namespace" $root -}}
{{- $labels := include "certwright.labels" (list $root $component) -}}
{{- $selector := include "certwright.selectorLabels" (list $root $component) -}}
{{- if $values.serviceAccount.create }}
---
apiVersion: v1
kind: ServiceAccount
automountServiceAccountToken: {{ $values.serviceAccount.automountServiceAccountToken }}
metadata:
  name: {{ include "certwright.serviceAccountName" (list $root $component) }}
  namespace: {{ $namespace }}
  labels: {{- merge (dict) ($labels | fromYaml) $values.serviceAccount.labels | toYaml | nindent 4 }}
  {{- with $values.serviceAccount.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- with $root.Values.global.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- if $values.config }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $name }}
  namespace: {{ $namespace }}
  labels: {{- $labels | nindent 4 }}
data:
  config.yaml: |
    {{- merge (dict) $values.config .configHeader | toYaml | nindent 4 }}
{{- end }}
{{- if $values.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  namespace: {{ $namespace }}
  labels: {{- $labels | nindent 4 }}
spec:
  selector:
    matchLabels: {{- $selector | nindent 6 }}
  {{- $budget := $values.podDisruptionBudget }}
  {{- if not (kindIs "invalid" $budget.maxUnavailable) }}
  maxUnavailable: {{ $budget.maxUnavailable }}
  {{- end }}
  {{- if not (kindIs "invalid" $budget.minAvailable) }}
  minAvailable: {{ $budget.minAvailable }}
  {{- else if kindIs "invalid" $budget.maxUnavailable }}
  minAvailable: 1
  {{- end }}
  {{- with $budget.unhealthyPodEvictionPolicy }}
  unhealthyPodEvictionPolicy: {{ . }}
  {{- end }}
{{- end }}
{{- if $values.networkPolicy.enabled }}
{{- range $direction := list "ingress" "egress" }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}-allow-{{ $direction }}
  namespace: {{ $namespace }}
  labels: {{- $labels | nindent 4 }}
spec:
  {{ $direction }}: {{- toYaml (index $values.networkPolicy $direction) | nindent 4 }}
  podSelector:
    matchLabels: {{- $selector | nindent 6 }}
  policyTypes: [{{ title $direction }}]
{{- end }}
{{- end }}
{{- if .servicePorts }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  namespace: {{ $namespace }}
  labels: {{- merge (dict) ($labels | fromYaml) $values.serviceLabels | toYaml | nindent 4 }}
  {{- with $values.serviceAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .serviceType | default "ClusterIP" }}
  {{- with $values.loadBalancerIP }}
  loadBalancerIP: {{ . }}
  {{- end }}
  {{- with $values.serviceIPFamilyPolicy }}
  ipFamilyPolicy: {{ . }}
  {{- end }}
  {{- with $values.serviceIPFamilies }}
  ipFamilies: {{- toYaml . | nindent 4 }}
  {{- end }}
  ports: {{- toYaml .servicePorts | nindent 4 }}
  selector: {{- $selector | nindent 4 }}
{{- end }}
{{- end -}}

{{/* Arguments that every component has: verbosity, configuration file. */}}
{{- define "certwright.firstArgs" -}}
- --v={{ .root.Values.global.logLevel }}
{{- if .values.config }}
- --config=/var/cert-manager/config/config.yaml
{{- end }}
{{- end -}}

{{/* (dict "root" . "config" configuration file): times that the file has are left to it, as flags would win. */}}
{{- define "certwright.leaderElectionArgs" -}}
{{- $election := .root.Values.global.leaderElection -}}
{{- $file := .config.leaderElectionConfig | default dict -}}
- --leader-election-namespace={{ include "certwright.leaderElectionNamespace" .root }}
{{- if and $election.leaseDuration (not $file.leaseDuration) }}
- --leader-election-lease-duration={{ $election.leaseDuration }}
{{- end }}
{{- if and $election.renewDeadline (not $file.renewDeadline) }}
- --leader-election-renew-deadline={{ $election.renewDeadline }}
{{- end }}
{{- if and $election.retryPeriod (not $file.retryPeriod) }}
- --leader-election-retry-period={{ $election.retryPeriod }}
{{- end }}
{{- end -}}
