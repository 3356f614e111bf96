"""Recorded decisions as streams.

``loanapp`` and ``reference`` are two data sets. For any CSV file, ``text_lines`` decodes its lines, ``row_splitter``
joins them to rows, ``csv_file`` names their cells, and ``row_mapping`` turns rows into events of a policy; ``cells``
and ``times`` read single cells. ``survey`` finds out what a file contains before it is sent, ``time_sort`` sorts it.
"""
