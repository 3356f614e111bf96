"""The Helm chart, rendered by the real Helm and checked against published types.

``helm`` finds or builds Helm and renders, ``go_modules`` downloads published modules, ``go_types`` reads the types of
the Prometheus operator, ``custom_types`` has the schemas of all custom resources, ``pod_parts``
reads a rendered pod, and ``pods`` runs it as processes.
"""
