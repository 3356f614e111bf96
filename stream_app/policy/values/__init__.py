"""How the values of records are read, by ingest and by the reader of CSV files alike.

``times`` reads one time and says why another is none; ``time_columns`` reads a column of them in one pass. ``bands``
names bands of numbers, and finds the one of a number or of a date of birth. ``look_alikes`` finds the label that an
unlisted spelling was meant to be.
"""
