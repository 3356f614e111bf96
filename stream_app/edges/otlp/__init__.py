"""Pushes metrics and alerts to an OpenTelemetry collector, over OTLP/HTTP with protobuf.

``options`` reads what the ``OTEL_*`` variables of the process say. ``push`` sends, in threads of its own, snapshots of
the metrics and the alerts of ``alert_queue``. What needs the extra ``otlp`` is imported only where a push is
configured: ``exporters``, which are those of the OpenTelemetry SDK, ``metric_points`` and ``alert_logs``, which
translate into its data model.
"""
