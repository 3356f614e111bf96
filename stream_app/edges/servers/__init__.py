"""Prometheus and Alertmanager on this machine, with the files that FairStream ships."""
