"""The dashboards on a real Prometheus: ``board_queries`` reads what they ask, ``board_checks`` asks it,
``metric_scenario`` has half an hour of metrics in which a model becomes unfair, made of ``series``: those of the breach
(``open_breach``), of amounts (``amount_scenario``) and of the workers (``worker_series``). ``board_stage`` sends every
stream that a dashboard is about through one real worker, ``pictures`` draws the dashboards.
"""
