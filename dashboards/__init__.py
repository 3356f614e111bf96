"""The Grafana dashboards of FairStream, as code, and their JSON.

``boards`` says what is on each dashboard; ``python -m dashboards`` writes ``json/`` from it, and a test compares the
two. Only the JSON is needed to use them: ``fairstream dashboards export`` copies it, without the SDK that made it.
"""
