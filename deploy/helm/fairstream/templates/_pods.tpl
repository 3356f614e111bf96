{{/* What every pod has in common: no rights, no token, a read-only file system. */}}

{{- define "fairstream.pod" -}}
serviceAccountName: {{ include "fairstream.name" . }}
automountServiceAccountToken: false
# Variables of services would begin with FAIRSTREAM_ and be taken for settings.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch # else each start would open the files of a volume to the group
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "fairstream.container" -}}
image: {{ include "fairstream.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}
