"""The search for less discriminatory alternatives: rules on a score, counted in one pass over the log.

``rules`` is what an alternative decides by and how it is written, ``request`` what is searched, ``scores`` reads the
scores of events, ``columns`` their groups, segments and decisions, ``outcome_labels`` their outcomes; ``counting``
counts them for all alternatives at once, ``deciding`` replays a single one, ``released_cuts`` withholds cuts beside
those that were shown before, and ``decided_cuts`` has those that decide in a replay; ``results`` is the answer, and
``summary`` makes it from the counts.
"""
