"""``fairstream privacy``: personal data in fields, and counts of tracks that may leave.

``inspect`` looks for personal data, ``text`` prints what it reports; ``release`` releases the counts of a day.
"""
