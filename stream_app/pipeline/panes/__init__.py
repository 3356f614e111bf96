"""Open panes of a counting lane, for ingest and outcomes alike.

``publisher`` counts them, and decides when the judge gets news of them; ``partial_writer`` writes partials, the records
that the judge reads; ``pane_log`` stores the panes as entries of the lane's state.
"""
