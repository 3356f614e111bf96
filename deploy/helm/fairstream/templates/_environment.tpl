{{/* The settings of a worker as variables, and the Secrets whose files some of them name. */}}

{{- define "fairstream.environment" -}}
{{- $kafka := .Values.kafka }}
{{- $registry := .Values.registry }}
{{- $web := .Values.web }}
{{- $files := "/etc/fairstream/files" }}
{{- $settings := dict
  "KAFKA" (required "kafka.bootstrapServers is required: host:port[,host:port]" $kafka.bootstrapServers)
  "POLICY" (include "fairstream.policy" .)
  "STATE" "/var/lib/fairstream/state"
  "APP_ID" .Values.appId
  "METRICS_HOST" "0.0.0.0"
  "METRICS_PORT" .Values.worker.metricsPort
  "SECURITY_PROTOCOL" $kafka.securityProtocol
  "SASL_MECHANISM" $kafka.sasl.mechanism
  "SASL_USERNAME" $kafka.sasl.username
  "OAUTH_TOKEN_URL" $kafka.oauth.tokenUrl
  "OAUTH_CLIENT_ID" $kafka.oauth.clientId
  "OAUTH_SCOPE" $kafka.oauth.scope
  "REGISTRY_URL" $registry.url
  "REGISTRY_USERNAME" $registry.username
}}
{{- if $kafka.insecure }}{{ $_ := set $settings "INSECURE" "true" }}{{ end }}
{{- if $kafka.tls.caSecret.name }}{{ $_ := set $settings "SSL_CA_FILE" (printf "%s/ca.pem" $files) }}{{ end }}
{{- if $kafka.tls.clientSecret.name }}
{{- $_ := set $settings "SSL_CERTIFICATE_FILE" (printf "%s/client.pem" $files) }}
{{- $_ := set $settings "SSL_KEY_FILE" (printf "%s/client-key.pem" $files) }}
{{- if $kafka.tls.clientSecret.passwordKey }}{{ $_ := set $settings "SSL_KEY_PASSWORD_FILE" (printf "%s/client-key-password" $files) }}{{ end }}
{{- end }}
{{- if $kafka.sasl.passwordSecret.name }}{{ $_ := set $settings "SASL_PASSWORD_FILE" (printf "%s/sasl-password" $files) }}{{ end }}
{{- if $kafka.oauth.clientSecret.name }}{{ $_ := set $settings "OAUTH_CLIENT_SECRET_FILE" (printf "%s/oauth-client-secret" $files) }}{{ end }}
{{- if $kafka.oauth.caSecret.name }}{{ $_ := set $settings "OAUTH_CA_FILE" (printf "%s/oauth-ca.pem" $files) }}{{ end }}
{{- if $registry.passwordSecret.name }}{{ $_ := set $settings "REGISTRY_PASSWORD_FILE" (printf "%s/registry-password" $files) }}{{ end }}
{{- if $registry.caSecret.name }}{{ $_ := set $settings "REGISTRY_CA_FILE" (printf "%s/registry-ca.pem" $files) }}{{ end }}
{{- if $registry.clientSecret.name }}
{{- $_ := set $settings "REGISTRY_CERTIFICATE_FILE" (printf "%s/registry-client.pem" $files) }}
{{- $_ := set $settings "REGISTRY_KEY_FILE" (printf "%s/registry-client-key.pem" $files) }}
{{- end }}
{{- if .Values.recordKey.secret.name }}{{ $_ := set $settings "RECORD_KEY_FILE" (printf "%s/record-key" $files) }}{{ end }}
{{- if .Values.recordKey.otherSecret.name }}{{ $_ := set $settings "OTHER_RECORD_KEY_FILE" (printf "%s/other-record-key" $files) }}{{ end }}
{{- if $web.configSecret.name }}{{ $_ := set $settings "WEB_CONFIG" (printf "/etc/fairstream/web/%s" $web.configSecret.key) }}{{ end }}
{{- if $web.tokenSecret.name }}{{ $_ := set $settings "WEB_TOKEN_FILE" (printf "%s/web-token" $files) }}{{ end }}
{{- range $name, $value := .Values.settings }}
{{- if hasKey $settings (upper $name) }}{{ fail (printf "settings.%s: set it by its own value of the chart" $name) }}{{ end }}
{{- /* YAML's numbers are floats here; a large one would be written with an exponent. */}}
{{- if kindIs "float64" $value }}{{ if eq $value (floor $value) }}{{ $value = int64 $value }}{{ end }}{{ end }}
{{- $_ := set $settings (upper $name) $value }}
{{- end }}
{{- range $name, $value := $settings }}
{{- if ne (toString $value) "" }}
- name: FAIRSTREAM_{{ $name }}
  value: {{ toString $value | quote }}
{{- end }}
{{- end }}
{{- with .Values.otlp }}
{{- if .endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
{{- if .caSecret.name }}
- name: OTEL_EXPORTER_OTLP_CERTIFICATE
  value: {{ $files }}/otlp-ca.pem
{{- end }}
{{- if .clientSecret.name }}
- name: OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE
  value: {{ $files }}/otlp-client.pem
- name: OTEL_EXPORTER_OTLP_CLIENT_KEY
  value: {{ $files }}/otlp-client-key.pem
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "fairstream.policy" -}}
{{- $policy := .Values.policy }}
{{- if and $policy.text $policy.existingConfigMap.name }}{{ fail "policy.text and policy.existingConfigMap: give one of them" }}{{ end }}
{{- if or $policy.text $policy.existingConfigMap.name }}/etc/fairstream/policy/policy.toml{{ else }}{{ $policy.name }}{{ end }}
{{- end }}

{{/* Sources of the volume with the files that connections need; empty without any. */}}
{{- define "fairstream.files" -}}
{{- $kafka := .Values.kafka }}
{{- with $kafka.tls.caSecret }}{{ if .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: ca.pem}]}
{{- end }}{{ end }}
{{- with $kafka.tls.clientSecret }}{{ if .name }}
- secret:
    name: {{ .name | quote }}
    items:
      - {key: {{ .certificateKey | quote }}, path: client.pem}
      - {key: {{ .privateKeyKey | quote }}, path: client-key.pem}
      {{- with .passwordKey }}
      - {key: {{ . | quote }}, path: client-key-password}
      {{- end }}
{{- end }}{{ end }}
{{- with $kafka.sasl.passwordSecret }}{{ if .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: sasl-password}]}
{{- end }}{{ end }}
{{- with $kafka.oauth.clientSecret }}{{ if .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: oauth-client-secret}]}
{{- end }}{{ end }}
{{- with $kafka.oauth.caSecret }}{{ if .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: oauth-ca.pem}]}
{{- end }}{{ end }}
{{- range $purpose := list "registry" "otlp" }}
{{- with (get $.Values $purpose).caSecret }}{{ if .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: {{ $purpose }}-ca.pem}]}
{{- end }}{{ end }}
{{- with (get $.Values $purpose).clientSecret }}{{ if .name }}
- secret:
    name: {{ .name | quote }}
    items:
      - {key: {{ .certificateKey | quote }}, path: {{ $purpose }}-client.pem}
      - {key: {{ .privateKeyKey | quote }}, path: {{ $purpose }}-client-key.pem}
{{- end }}{{ end }}
{{- end }}
{{- with .Values.registry.passwordSecret }}{{ if .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: registry-password}]}
{{- end }}{{ end }}
{{- with .Values.recordKey.secret }}{{ if .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: record-key}]}
{{- end }}{{ end }}
{{- with .Values.recordKey.otherSecret }}{{ if .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: other-record-key}]}
{{- end }}{{ end }}
{{- with .Values.web.tokenSecret }}{{ if .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: web-token}]}
{{- end }}{{ end }}
{{- end }}
