"""The release gate: what several releases of counts together reveal, and what is withheld for that.

``determined`` tests which sums follow from released ones; ``joint`` protects all tables of one window against each
other, ``nested`` a window and running totals against the smaller windows inside them, whose linear system is
``hidden_system``, and ``crossed`` the intersections of a window against all tables of the windows inside it. Of freely
chosen ranges of time, ``tracks`` is what is known of one set of people, ``related`` what follows of sets of which one
consists of the others, ``knowledge`` everything that follows, and ``withholding`` what tables may show beside it.
``overlaps`` tests several lines of tables and ranges that overlap at once.
``computed`` has the running totals that readers can compute, ``sum_space`` is the linear algebra of ``determined``, and
``blocks`` is a counter that is read all the time.
"""
