"""Grafana, Prometheus and Alertmanager as code. Empty until the dashboards are built."""
