"""Parts of a model, and what must hold between them.

``decision`` is what is monitored, ``amounts`` what a decision that is an amount must be like, ``paths`` where the parts
are in a record.
"""
