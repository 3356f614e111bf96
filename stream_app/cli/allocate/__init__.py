"""``fairstream allocate``: share hours among areas, with a floor for the underserved.

``options`` turns flags into a plan, ``command`` reads areas and shares hours, ``live`` takes the areas from the newest
result of a stream; ``text`` prints the result as tables, with ``levels`` (hours per capita), and ``csv_rows`` as CSV.
"""
