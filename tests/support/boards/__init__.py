"""The dashboards on a real Prometheus: ``board_queries`` reads what they ask, ``board_checks`` asks it,
``metric_scenario`` has half an hour of metrics in which a model becomes unfair (``open_breach``), made of ``series``,
``board_stage`` sends every stream that a dashboard is about through one real worker.
"""
