{{/* How KEDA connects to Kafka: as the worker does, with the same Secrets and the same variables. */}}

{{- define "fairstream.keda.secrets" -}}
{{- $kafka := .Values.kafka }}
{{- with $kafka.tls.caSecret }}{{ if .name }}
- {parameter: ca, name: {{ .name }}, key: {{ .key }}}
{{- end }}{{ end }}
{{- with $kafka.tls.clientSecret }}{{ if .name }}
- {parameter: cert, name: {{ .name }}, key: {{ .certificateKey }}}
- {parameter: key, name: {{ .name }}, key: {{ .privateKeyKey }}}
{{- if .passwordKey }}
- {parameter: keyPassword, name: {{ .name }}, key: {{ .passwordKey }}}
{{- end }}
{{- end }}{{ end }}
{{- with $kafka.sasl.passwordSecret }}{{ if .name }}
- {parameter: password, name: {{ .name }}, key: {{ .key }}}
{{- end }}{{ end }}
{{- with $kafka.oauth.clientSecret }}{{ if .name }}
- {parameter: password, name: {{ .name }}, key: {{ .key }}}
{{- end }}{{ end }}
{{- end }}

{{- define "fairstream.keda.variables" -}}
{{- if .Values.kafka.sasl.username }}
- {parameter: username, name: FAIRSTREAM_SASL_USERNAME, containerName: worker}
{{- end }}
{{- with .Values.kafka.oauth }}
{{- if .clientId }}
- {parameter: username, name: FAIRSTREAM_OAUTH_CLIENT_ID, containerName: worker}
- {parameter: oauthTokenEndpointUri, name: FAIRSTREAM_OAUTH_TOKEN_URL, containerName: worker}
{{- end }}
{{- if .scope }}
- {parameter: scopes, name: FAIRSTREAM_OAUTH_SCOPE, containerName: worker}
{{- end }}
{{- end }}
{{- end }}
