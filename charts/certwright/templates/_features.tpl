{{/* What this installation does, from its values: decides about rights, roles and arguments. */}}

{{/* (list arguments flag): its last value; "true" for a switch without one; empty where it is not there. */}}
{{- define "certwright.argument" -}}
{{- $flag := printf "--%s" (index . 1) -}}
{{- $found := "" -}}{{- $next := false -}}
{{- range index . 0 -}}
{{- if and $next (not (hasPrefix "--" .)) -}}{{- $found = . -}}{{- end -}}
{{- $next = eq . $flag -}}
{{- if $next -}}{{- $found = "true" -}}{{- end -}}
{{- if hasPrefix (printf "%s=" $flag) . -}}{{- $found = trimPrefix (printf "%s=" $flag) . -}}{{- end -}}
{{- end -}}
{{- $found -}}
{{- end -}}

{{/* (list . gate default): "true" or "". The value wins over arguments, these over the configuration file. */}}
{{- define "certwright.gate" -}}
{{- $root := index . 0 -}}{{- $gate := index . 1 -}}
{{- $on := index . 2 -}}
{{- range $name, $value := ($root.Values.config.featureGates | default dict) -}}
{{- if eq $name $gate -}}{{- $on = $value -}}{{- end -}}
{{- end -}}
{{- range list (include "certwright.argument" (list $root.Values.extraArgs "feature-gates")) $root.Values.featureGates -}}
{{- range splitList "," . -}}
{{- $pair := splitList "=" (trim .) -}}
{{- if eq (index $pair 0) $gate -}}{{- $on = eq (last $pair) "true" -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $on -}}true{{- end -}}
{{- end -}}

{{/* (list . controller): "true" unless --controllers, or the configuration file, leaves it out. */}}
{{- define "certwright.runs" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
{{- $entries := $root.Values.config.controllers | default list -}}
{{- $argument := include "certwright.argument" (list $root.Values.extraArgs "controllers") -}}
{{- if $argument -}}{{- $entries = splitList "," $argument -}}{{- end -}}
{{- $all := or (has "*" $entries) (empty $entries) -}}
{{- $positive := false -}}
{{- range $entries -}}{{- if not (hasPrefix "-" .) -}}{{- $positive = true -}}{{- end -}}{{- end -}}
{{- if not $positive -}}{{- $all = true -}}{{- end -}}
{{- if and (or $all (has $name $entries)) (not (has (printf "-%s" $name) $entries)) -}}true{{- end -}}
{{- end -}}

{{/* (list . flag places...): "true" where an argument or the configuration file switches it on. */}}
{{- define "certwright.switch" -}}
{{- $root := index . 0 -}}
{{- $on := false -}}
{{- range rest (rest .) -}}
{{- $at := $root.Values.config -}}
{{- range splitList "." . -}}{{- if kindIs "map" $at -}}{{- $at = index $at . -}}{{- end -}}{{- end -}}
{{- if and (kindIs "bool" $at) $at -}}{{- $on = true -}}{{- end -}}
{{- end -}}
{{- $argument := include "certwright.argument" (list $root.Values.extraArgs (index . 1)) -}}
{{- if $argument -}}{{- $on = eq $argument "true" -}}{{- end -}}
{{- if $on -}}true{{- end -}}
{{- end -}}

{{/* The admission mode in force: policies, webhook or none. */}}
{{- define "certwright.admissionMode" -}}
{{- if .Values.watchNamespace -}}none
{{- else if ne .Values.admission.mode "auto" -}}{{ .Values.admission.mode }}
{{- else if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" -}}policies
{{- else -}}webhook
{{- end -}}
{{- end -}}

{{/* YAML map of the features in src/cli/rbac/rbac-features.ts. */}}
{{- define "certwright.features" -}}
{{- $everywhere := not .Values.watchNamespace -}}
{{- $injects := and $everywhere .Values.cainjector.enabled -}}
{{- $own := .Values.config -}}{{- $arguments := .Values.extraArgs -}}
{{- if .Values.split -}}{{- $own = .Values.cainjector.config -}}{{- $arguments = .Values.cainjector.extraArgs -}}{{- end -}}
{{- $gateway := and (include "certwright.switch" (list . "enable-gateway-api" "enableGatewayAPI" "gatewayAPI.enabled"))
  (include "certwright.gate" (list . "ExperimentalGatewayAPISupport" true)) -}}
{{- $listenerset := and $gateway
  (include "certwright.switch" (list . "enable-gateway-api-listenerset" "enableGatewayAPIListenerSet" "gatewayAPI.enableListenerSet"))
  (include "certwright.gate" (list . "ListenerSets" (include "certwright.gate" (list . "AllAlpha" false)))) -}}
{{- $csr := and $everywhere (include "certwright.gate" (list . "ExperimentalCertificateSigningRequestControllers" (include "certwright.gate" (list . "AllAlpha" false)))) -}}
{{- $elects := ne (include "certwright.argument" (list .Values.extraArgs "leader-elect")) "false" -}}
{{- $shards := include "certwright.argument" (list .Values.extraArgs "shards") | default "1" -}}
owner-references: true
clusterissuers: {{ $everywhere }}
approver: {{ and $everywhere (not .Values.disableAutoApproval) (eq (include "certwright.runs" (list . "certificaterequests-approver")) "true") }}
admission-check: {{ $everywhere }}
ingress-shim: {{ eq (include "certwright.runs" (list . "ingress-shim")) "true" }}
gateway-shim: {{ and (eq (toString $gateway) "true") (eq (include "certwright.runs" (list . "gateway-shim")) "true") }}
listenerset: {{ eq (toString $listenerset) "true" }}
{{- $solves := eq (include "certwright.runs" (list . "challenges")) "true" }}
{{- /* Each of them watches Orders and Challenges. */}}
{{- $acme := $solves }}
{{- range list "orders" "certificaterequests-issuer-acme" }}
{{- $acme = or $acme (eq (include "certwright.runs" (list $ .)) "true") }}
{{- end }}
{{- $acme = or $acme (and (eq (toString $csr) "true") (eq (include "certwright.runs" (list . "certificatesigningrequests-issuer-acme")) "true")) }}
acme: {{ $acme }}
acme-http01: {{ $solves }}
acme-gateway: {{ and $solves (eq (toString $gateway) "true") }}
acme-openshift: {{ and $solves .Values.acme.openshift }}
acme-dns01-webhooks: {{ and $solves $everywhere (not (empty .Values.acme.webhookGroups)) }}
acme-service-account-tokens: {{ and $solves .Values.acme.serviceAccountTokens }}
csr-signers: {{ eq (toString $csr) "true" }}
cainjector: {{ $injects }}
{{- range $feature, $kind := dict
  "inject-mutating-webhooks" "mutatingWebhookConfigurations"
  "inject-validating-webhooks" "validatingWebhookConfigurations"
  "inject-crds" "customResourceDefinitions"
  "inject-apiservices" "apiServices" }}
{{- $set := index ($own.enableInjectableConfig | default dict) $kind }}
{{- $argument := include "certwright.argument" (list $arguments (printf "enable-%s-injectable" ($kind | lower))) }}
{{ $feature }}: {{ and $injects (ternary (eq $argument "true") (not (and (kindIs "bool" $set) (not $set))) (ne $argument "")) }}
{{- end }}
{{- $certificates := index ($own.enableDataSourceConfig | default dict) "certificates" }}
inject-from-certificates: {{ and $injects (not (and (kindIs "bool" $certificates) (not $certificates))) (ne (include "certwright.argument" (list $arguments "enable-certificates-data-source")) "false") }}
webhook: {{ eq (include "certwright.admissionMode" .) "webhook" }}
metrics-tls: {{ ne (include "certwright.metricsCaSecret" .) "" }}
leader-election: {{ $elects }}
sharding: {{ gt (int $shards) 1 }}
aggregated-roles: {{ and $everywhere .Values.global.rbac.aggregateClusterRoles }}
{{- end -}}

{{/* `namespace/name` of the CA Secret of TLS metrics; empty where metrics are plain. */}}
{{- define "certwright.metricsCaSecret" -}}
{{- $dynamic := (.Values.config.metricsTLSConfig | default dict).dynamic | default dict -}}
{{- $name := include "certwright.argument" (list .Values.extraArgs "metrics-dynamic-serving-ca-secret-name") | default $dynamic.secretName -}}
{{- $namespace := include "certwright.argument" (list .Values.extraArgs "metrics-dynamic-serving-ca-secret-namespace") | default $dynamic.secretNamespace -}}
{{- if and $name $namespace -}}
{{- printf "%s/%s" ($namespace | replace "$(POD_NAMESPACE)" (include "certwright.namespace" .)) $name -}}
{{- end -}}
{{- end -}}

{{- define "certwright.leaderElectionNamespace" -}}
{{- if .Values.global.leaderElection.namespace -}}{{ .Values.global.leaderElection.namespace }}
{{- else if .Values.watchNamespace -}}{{ include "certwright.namespace" . }}
{{- else -}}kube-system
{{- end -}}
{{- end -}}
