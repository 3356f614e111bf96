"""Pictures of the dashboards, drawn from the answers of a Prometheus as Grafana draws them.

``python -m`` draws those of the documentation. ``fields`` applies overrides, mappings and units, ``frames`` runs queries and joins tables, ``axes`` draws what has an
axis, ``tiles`` what has none, ``page`` puts the panels of a dashboard into the grid and makes PNG files by chromium.
"""
