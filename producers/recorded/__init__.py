"""Recorded decisions as streams.

``loanapp`` and ``reference`` are two data sets. ``csv_file`` reads the rows of any CSV file, ``row_mapping`` turns them
into events of a policy, and ``cells`` reads single cells.
"""
