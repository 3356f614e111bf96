"""Applications that need no broker: the sequential detectors over a file of counts, plans, and hours of areas.

``rows`` turns the rows of a file into a ``table`` of counts by pane and pair; ``columns`` says what its columns are
called and ``cells`` reads single cells. ``plan`` is the detectors of one call with their thresholds, ``run`` feeds them
pane by pane, and ``detection`` collects what they report as ``facts``, with ``estimates`` of rates, gaps and ratios.
``plot_history`` keeps what a chart needs of a long run. ``planning`` simulates how long a violation goes undetected.
``allocation`` shares hours among areas.
"""
