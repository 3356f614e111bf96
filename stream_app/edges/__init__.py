"""Everything that touches the outside world; pipeline and core never import it.

``lanes`` is the exactly-once engine on Faust and aiokafka, ``batches`` reads record batches. ``kafka`` is everything
else that talks to a broker, ``registry`` asks a schema registry. ``metrics`` is what Prometheus scrapes, ``otlp``
pushes the same to a collector, ``notify`` receives Alertmanager's messages, ``web`` decides who may read and notify,
``servers`` runs both on this machine. ``inspection`` reads what is inspected for personal data, ``releases`` what is
released and what it cost, ``anomalies`` fits and reads references of anomaly tags, ``remedies`` solves linear programs,
``scoring`` opens and writes models that score logged features; ``files`` reads and writes files, ``audit`` the audit
log, ``keys`` reads keys from where the settings say, ``host`` is this machine: logs, ports, processes, HTTP.
"""
