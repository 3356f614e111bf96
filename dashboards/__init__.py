"""The Grafana dashboards of FairStream, as code, and their JSON.

``boards`` defines the content of each dashboard from ``board`` (one dashboard), ``panels`` (panel types), ``evidence``
(panels of evidence), ``open_breaches`` (panels about what is in breach now), ``unknown_groups`` (panels about decisions
whose group is not known), ``amount_values`` (means and quantiles of amounts), ``selections`` (shared variables and
annotations), ``promql`` (parts of queries), ``palette`` (colors) and ``links`` (uids and links). ``store`` writes
``json/`` from the code and compares the two (``python -m dashboards``).
Only the JSON is needed to use them: ``fairstream dashboards export`` copies it, without the SDK that generates it.
"""
