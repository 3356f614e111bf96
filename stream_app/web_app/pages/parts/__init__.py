"""Parts that pages share.

``navigation`` says who is logged in and where to go, ``filters`` reads what a request chooses, ``budgets`` are
false-alarm budgets in words, ``amounts`` are means and their differences in words.
"""
