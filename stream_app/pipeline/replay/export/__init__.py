"""What may leave a replay: single records, with their audit entries, and results for other systems.

``request`` is what somebody wants exported and what came of it; ``selection`` selects the records of a time range;
``record_table`` writes them as JSON lines or as a table; ``audit_trail`` makes the audit entries of an export and
appends them; ``open_metrics`` writes the results of a run for Prometheus.
"""
