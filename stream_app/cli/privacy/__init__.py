"""``fairstream privacy``: ``inspect`` looks for personal data in fields, and ``text`` prints what it reports."""
