{{/* The settings of a worker as variables, and the Secrets whose files some of them name. */}}

{{- define "fairstream.environment" -}}
{{- $kafka := .Values.kafka }}
{{- $files := "/etc/fairstream/kafka" }}
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
{{- end }}

{{- define "fairstream.policy" -}}
{{- $policy := .Values.policy }}
{{- if and $policy.text $policy.existingConfigMap.name }}{{ fail "policy.text and policy.existingConfigMap: give one of them" }}{{ end }}
{{- if or $policy.text $policy.existingConfigMap.name }}/etc/fairstream/policy/policy.toml{{ else }}{{ $policy.name }}{{ end }}
{{- end }}

{{/* Sources of the volume with the files that the connection to Kafka needs; empty without any. */}}
{{- define "fairstream.kafka.files" -}}
{{- $kafka := .Values.kafka }}
{{- with $kafka.tls.caSecret }}{{ if .name }}
- secret: {name: {{ .name }}, items: [{key: {{ .key }}, path: ca.pem}]}
{{- end }}{{ end }}
{{- with $kafka.tls.clientSecret }}{{ if .name }}
- secret:
    name: {{ .name }}
    items:
      - {key: {{ .certificateKey }}, path: client.pem}
      - {key: {{ .privateKeyKey }}, path: client-key.pem}
      {{- with .passwordKey }}
      - {key: {{ . }}, path: client-key-password}
      {{- end }}
{{- end }}{{ end }}
{{- with $kafka.sasl.passwordSecret }}{{ if .name }}
- secret: {name: {{ .name }}, items: [{key: {{ .key }}, path: sasl-password}]}
{{- end }}{{ end }}
{{- with $kafka.oauth.clientSecret }}{{ if .name }}
- secret: {name: {{ .name }}, items: [{key: {{ .key }}, path: oauth-client-secret}]}
{{- end }}{{ end }}
{{- with $kafka.oauth.caSecret }}{{ if .name }}
- secret: {name: {{ .name }}, items: [{key: {{ .key }}, path: oauth-ca.pem}]}
{{- end }}{{ end }}
{{- end }}
