"""Alternatives to the logged decisions: rules that decide by a score, counted all at once and compared with evidence.

``rules`` is what an alternative decides by, ``tables`` counts the decisions of all alternatives in one pass,
``wealth`` has the bets that evidence is made of, ``evidence`` the claims that are tested with them, ``assessment``
decides which alternatives are reported, and ``withholding`` which of them may be shown.
"""
