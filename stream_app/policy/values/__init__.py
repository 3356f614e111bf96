"""How the values of records are read, by ingest and by the reader of CSV files alike.

``times`` reads one time and says why another is none; ``time_columns`` reads a column of them in one pass.
"""
