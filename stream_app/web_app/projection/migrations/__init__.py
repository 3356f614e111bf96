"""Changes of the tables.

Oldest first: ``first_tables``, ``kinds_of_alerts``, ``newest_rows``, ``record_counts``, ``bounded_counts``.
"""
