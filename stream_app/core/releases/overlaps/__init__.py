"""What follows from several lines of tables at once, where freely chosen ranges of time overlap.

``universe`` has the cells of all attributes that are crossed, ``running`` what is known of each set of people in time,
``pieces`` what follows within each piece of time between two moments, ``coupled`` what follows in several pieces at
once, and ``system`` is the linear system of these. ``following`` is the linear algebra of both, ``nonnegative`` finds
cells that nobody can be in, ``support`` the counts that a row of a system needs, and ``choosing`` says what is hidden.
"""
