"""What Prometheus scrapes, and the health of the process.

``process_metrics`` is the one collector of a process; programs call its typed methods. Its rows are in parts:
``event_metrics`` counts events and windows, ``publication_metrics`` says how counts are published, ``hours_metrics``
has the hours per capita of areas, ``lane_metrics`` describes partitions and transactions, ``fairness_metrics`` has the
values of closed windows (``fairness_values``, ``amount_values``, ``outcome_values`` and ``outcome_metrics``),
``alert_levels`` the states of all limits (``limit_state``), and ``open_breach_metrics`` the facts of what is in breach
now (``breach_rows``) by cause (``incidents``); of models that are sealed everywhere ``sealed_metrics`` says only that
there is a breach. ``series_limit`` bounds how many series a policy can make. ``instruments`` has counters, gauges and
histograms; ``catalog`` lists every metric. ``server`` serves ``/metrics``, ``/livez`` and ``/readyz``; ``health``
decides what the latter two answer.
"""
