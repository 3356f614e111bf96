{{/* The settings of a worker or of the web application as variables, and the Secrets whose files some of them name. */}}

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
  "SECURITY_PROTOCOL" $kafka.securityProtocol
  "SASL_MECHANISM" $kafka.sasl.mechanism
  "SASL_USERNAME" $kafka.sasl.username
  "OAUTH_TOKEN_URL" $kafka.oauth.tokenUrl
  "OAUTH_CLIENT_ID" $kafka.oauth.clientId
  "OAUTH_SCOPE" $kafka.oauth.scope
  "REGISTRY_URL" $registry.url
  "REGISTRY_USERNAME" $registry.username
}}
{{- if .isWebApp }}
{{- $app := .Values.webApp }}
{{- if contains ":" (default "" (urlParse $app.database.url).userinfo) }}{{ fail "webApp.database.url contains a password: name its Secret in webApp.database.passwordSecret" }}{{ end }}
{{- $settings = merge $settings (dict
  "WEB_HOST" "0.0.0.0"
  "WEB_PORT" $app.port
  "WEB_URL" (required "webApp.url is required: the address that people use, https://HOST" $app.url)
  "DATABASE_URL" $app.database.url
  "OIDC_ISSUER" $app.oidc.issuer
  "OIDC_CLIENT_ID" $app.oidc.clientId
  "OIDC_ROLES_CLAIM" $app.oidc.rolesClaim
  "OIDC_ROLES" $app.oidc.roles
) }}
{{- if $app.database.passwordSecret.name }}{{ $_ := set $settings "DATABASE_PASSWORD_FILE" (printf "%s/database-password" $files) }}{{ end }}
{{- if $app.oidc.clientSecret.name }}{{ $_ := set $settings "OIDC_CLIENT_SECRET_FILE" (printf "%s/oidc-client-secret" $files) }}{{ end }}
{{- if $app.oidc.caSecret.name }}{{ $_ := set $settings "OIDC_CA_FILE" (printf "%s/oidc-ca.pem" $files) }}{{ end }}
{{- else }}
{{- $settings = merge $settings (dict "METRICS_HOST" "0.0.0.0" "METRICS_PORT" .Values.worker.metricsPort) }}
{{- end }}
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
{{- if hasKey $settings (upper $name) }}{{ fail (printf "%ssettings.%s: set it by its own value of the chart" (ternary "webApp." "" (default false $.isWebApp)) $name) }}{{ end }}
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
{{- if .isWebApp }}
{{- with .Values.webApp.database.passwordSecret }}{{ if .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: database-password}]}
{{- end }}{{ end }}
{{- with .Values.webApp.oidc.clientSecret }}{{ if .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: oidc-client-secret}]}
{{- end }}{{ end }}
{{- range $purpose := list "database" "oidc" }}
{{- with (get $.Values.webApp $purpose).caSecret }}{{ if .name }}
- secret: {name: {{ .name | quote }}, items: [{key: {{ .key | quote }}, path: {{ $purpose }}-ca.pem}]}
{{- end }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The values as the web application has them, as YAML: its own user of Kafka, and nothing that only workers need. */}}
{{- define "fairstream.webapp.values" -}}
{{- $values := deepCopy .Values }}
{{- $own := .Values.webApp.kafka }}
{{- if $own.username }}{{ $_ := set $values.kafka.sasl "username" $own.username }}{{ end }}
{{- if $own.passwordSecret.name }}{{ $_ := set $values.kafka.sasl "passwordSecret" $own.passwordSecret }}{{ end }}
{{- if $own.clientSecret.name }}{{ $_ := set $values.kafka.tls "clientSecret" $own.clientSecret }}{{ end }}
{{- if $own.oauthClientId }}{{ $_ := set $values.kafka.oauth "clientId" $own.oauthClientId }}{{ end }}
{{- if $own.oauthClientSecret.name }}{{ $_ := set $values.kafka.oauth "clientSecret" $own.oauthClientSecret }}{{ end }}
{{- $none := dict "name" "" "key" "" }}
{{- $_ := set $values "recordKey" (dict "secret" $none "otherSecret" $none) }}
{{- $_ := set $values "web" (dict "configSecret" $none "tokenSecret" $none) }}
{{- $_ := set $values "otlp" (dict "endpoint" "" "caSecret" $none "clientSecret" $none) }}
{{- $_ := set $values "registry" (dict "url" "" "username" "" "passwordSecret" $none "caSecret" $none "clientSecret" $none) }}
{{- $_ := set $values "settings" .Values.webApp.settings }}
{{- toYaml $values }}
{{- end }}
