"""``fairstream privacy``: personal data in fields, counts of tracks that may leave, and how long records are kept.

``inspect`` looks for personal data, ``text`` prints what it reports; ``release`` releases the counts of a day;
``retention`` judges the settings of topics.
"""
