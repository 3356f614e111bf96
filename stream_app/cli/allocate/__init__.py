"""``fairstream allocate``: share hours among areas, with a floor for the underserved.

``options`` turns flags into a plan, ``command`` reads areas and shares hours, ``text`` prints the result as tables and
``csv_rows`` as CSV.
"""
