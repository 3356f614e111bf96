"""Event time: panes, watermarks, tumbling windows, and the exact counts in them.

``cells`` is the unit of counting, also under a changed policy, ``pane_store`` counts one source partition,
``partials`` is what it reports, ``watermark`` its event time, ``source_progress`` what follows from all partitions
together. ``tally`` closes panes and fills windows (``tally_state`` what it keeps, ``tally_config`` how time is cut,
``tally_changes`` what it reports, ``tumbling`` the windows). ``history`` has the comparison periods: those that
gather, and those that were tested. ``deduplication`` recognizes events that were sent twice.
"""
